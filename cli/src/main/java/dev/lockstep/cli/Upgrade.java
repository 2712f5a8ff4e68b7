package dev.lockstep.cli;

import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The upgrade of a cluster, node by node, and how far it is. Pure.
 *
 * @param now the version that the cluster has
 * @param newest the newest that any of its nodes can do
 * @param obstacles the nodes that can't do that, or do not answer, each with the reason
 */
record Upgrade(ClusterVersion now, ClusterVersion newest, List<String> obstacles) {

    /** @param able the versions that each member can do; empty if it does not answer */
    static Upgrade of(ClusterVersion now, Map<NodeId, Optional<ClusterVersion.Range>> able) {
        ClusterVersion newest = able.values().stream()
                .flatMap(Optional::stream)
                .map(ClusterVersion.Range::newest)
                .filter(one -> one.compareTo(now) > 0)
                .max(ClusterVersion::compareTo)
                .orElse(now);
        return new Upgrade(now, newest, List.copyOf(newest.obstacles(able)));
    }

    /** Tells whether the cluster has the newest version that its nodes can do. */
    boolean isOver() {
        return newest.equals(now);
    }

    /** Tells whether the version of the cluster can be raised now. */
    boolean canBeFinalized() {
        return !isOver() && obstacles.isEmpty();
    }

    /** Says what comes next, as a sentence without a full stop. */
    String next() {
        String waits = String.join("; ", obstacles);
        if (isOver()) {
            return obstacles.isEmpty()
                    ? "This is the newest that its nodes can do"
                    : "This is the newest that the nodes can do that answer; " + waits;
        }
        return obstacles.isEmpty()
                ? "All nodes can do version " + newest + ": once none is to go back, lockstep cluster finalize"
                : "Not all nodes can do version " + newest + " yet: " + waits;
    }
}
