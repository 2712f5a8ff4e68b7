package dev.lockstep.protocol.topology;

/**
 * A node as it introduces itself to another.
 *
 * @param incarnation drawn at random by each process, so that two processes with one id are told apart
 * @param formation what it takes the cluster for
 */
public record NodeIdentity(NodeId id, long incarnation, Formation formation) {

    /** A node that is taken for whatever the other expects. */
    public static NodeIdentity untold(NodeId id) {
        return new NodeIdentity(id, 0, Formation.UNTOLD);
    }
}
