package dev.lockstep.protocol.topology;

import org.jspecify.annotations.Nullable;

/**
 * A node as it introduces itself to another.
 *
 * @param incarnation drawn at random by each process, so that two processes with one id are told apart
 * @param clusterVersion of the cluster, as far as it knows it; null before it is formed
 * @param able the cluster versions that it can do
 * @param formation what it takes the cluster for
 */
public record NodeIdentity(
        NodeId id,
        long incarnation,
        @Nullable ClusterVersion clusterVersion,
        ClusterVersion.Range able,
        Formation formation) {

    /** A node that is taken for whatever the other expects. */
    public static NodeIdentity untold(NodeId id) {
        return new NodeIdentity(id, 0, null, ClusterVersion.Range.OWN, Formation.UNTOLD);
    }
}
