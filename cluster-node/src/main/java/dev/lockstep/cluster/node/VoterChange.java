package dev.lockstep.cluster.node;

import dev.lockstep.protocol.topology.NodeId;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The next change of a group's voters on their way to those that are wanted: one node at a time, as Ratis allows it, and never the
 * leader, whose removal would end its term in the middle of the change.
 *
 * @param joining the node that becomes a voter; null if the change only removes one
 * @param to the voters after it
 */
record VoterChange(@Nullable NodeId joining, Set<NodeId> to) {

    /** With fewer voters a node is added before another is removed: to replace one of two leaves one that has everything. */
    private static final int REPLACED_AT_ONCE = 3;

    /**
     * Decides on it. Pure.
     *
     * @return null if nothing is left but to transfer leadership, or nothing at all
     */
    static @Nullable VoterChange next(Set<NodeId> voters, Collection<NodeId> wanted, NodeId leader) {
        NodeId joining = first(wanted, voters);
        TreeSet<NodeId> others = new TreeSet<>(voters);
        others.remove(leader);
        NodeId going = first(others, wanted);
        TreeSet<NodeId> to = new TreeSet<>(voters);
        if (joining != null) {
            to.add(joining);
        }
        if (going != null && (joining == null || voters.size() >= REPLACED_AT_ONCE)) {
            to.remove(going);
        }
        return to.equals(voters) ? null : new VoterChange(joining, to);
    }

    /**
     * Tells whether nothing is left but to remove the leader, which another one has to do. By then all that are wanted can take over: one
     * of them may be drained.
     */
    static boolean mustTransfer(Set<NodeId> voters, Collection<NodeId> wanted, NodeId leader) {
        return !wanted.contains(leader) && next(voters, wanted, leader) == null;
    }

    /** The first of some that is none of others, by name. */
    private static @Nullable NodeId first(Collection<NodeId> some, Collection<NodeId> others) {
        return some.stream()
                .filter(one -> !others.contains(one))
                .sorted()
                .findFirst()
                .orElse(null);
    }
}
