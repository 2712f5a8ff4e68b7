package dev.lockstep.cluster.node;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses which replica takes a leadership over: one that votes and has applied nearly all that the leader has, on the node that leads
 * fewest groups. Pure.
 *
 * <p>Raft itself makes sure that the successor has every entry; one that has not applied them yet would be elected and then serve no
 * request until it has.
 */
final class Successors {

    /** The most entries by which a successor may be behind without callers noticing. */
    static final long MAX_BEHIND = 1_024;
    /** A node takes nothing over that would then lead as many groups as the one that gives. */
    private static final int LEAST_DIFFERENCE = 2;

    private Successors() {}

    /**
     * A leadership of this node.
     *
     * @param applied position that has been applied here
     */
    record Led(int group, Leadership leadership, long applied) {}

    /** A leadership that changes hands. */
    record HandOver(int group, NodeId successor) {}

    /**
     * Chooses for one group.
     *
     * @param answers what other nodes have just said of their replicas
     * @param coming how many groups each node is about to take over
     * @return null if no replica that is up to date has answered
     */
    static @Nullable NodeId of(
            Led led, NodeId self, Map<NodeId, List<ReplicaStatus>> answers, Map<NodeId, Integer> coming) {
        Map<NodeId, Integer> leads = leads(answers, coming);
        return led.leadership().voters().get(0).stream()
                .filter(voter -> !voter.equals(self) && isUpToDate(led, answers.getOrDefault(voter, List.of())))
                .min(Comparator.<NodeId>comparingInt(voter -> leads.getOrDefault(voter, 0))
                        .thenComparing(Comparator.naturalOrder()))
                .orElse(null);
    }

    /**
     * Chooses the one that goes from a node that leads more than its share; null if none can.
     *
     * @param led all that the node leads
     */
    static @Nullable HandOver fromTooMany(Collection<Led> led, NodeId self, Map<NodeId, List<ReplicaStatus>> answers) {
        Map<NodeId, Integer> leads = leads(answers, Map.of());
        HandOver best = null;
        int fewest = led.size() - LEAST_DIFFERENCE + 1;
        for (Led one : led) {
            NodeId successor = of(one, self, answers, Map.of());
            if (successor != null && leads.getOrDefault(successor, 0) < fewest) {
                fewest = leads.getOrDefault(successor, 0);
                best = new HandOver(one.group(), successor);
            }
        }
        return best;
    }

    /** Returns the number of groups that a node leads when leaderships are spread evenly, rounded up. */
    static int share(Collection<Leadership> hosted) {
        double share = 0;
        for (Leadership leadership : hosted) {
            Set<NodeId> voters = leadership.voters().get(0);
            share += 1.0 / Math.max(1, voters.size());
        }
        return (int) Math.ceil(share - 1e-9);
    }

    /**
     * Tells whether a node is about to stop and so can take over nothing: one that is about to stop says so in a note.
     */
    static boolean isLeaving(List<ReplicaStatus> answer) {
        return answer.stream().anyMatch(replica -> replica.note().equals(ReplicaStatus.LEAVING));
    }

    private static boolean isUpToDate(Led led, List<ReplicaStatus> answer) {
        return answer.stream()
                .anyMatch(replica -> replica.group() == led.group()
                        && replica.state() == State.INTACT
                        && replica.note().isEmpty()
                        && replica.position() >= led.applied() - MAX_BEHIND);
    }

    private static Map<NodeId, Integer> leads(Map<NodeId, List<ReplicaStatus>> answers, Map<NodeId, Integer> coming) {
        Map<NodeId, Integer> leads = new HashMap<>(coming);
        answers.forEach((node, replicas) -> leads.merge(
                node, (int) replicas.stream().filter(ReplicaStatus::leads).count(), Integer::sum));
        return leads;
    }
}
