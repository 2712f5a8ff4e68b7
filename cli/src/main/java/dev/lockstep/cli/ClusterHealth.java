package dev.lockstep.cli;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The health of a cluster: whether each group is served, and what is missing or under way. Pure.
 *
 * @param served whether each group has a leader
 * @param up number of nodes that answer
 * @param findings what keeps the cluster from being whole, in sentences without a full stop; none if it is
 */
record ClusterHealth(boolean served, int up, List<String> findings) {

    /**
     * Judges the replicas of the nodes that answer.
     *
     * @param drained the node that is drained, if any
     */
    static ClusterHealth of(ClusterView view, Map<Member, List<ReplicaStatus>> answers, @Nullable NodeId drained) {
        List<String> findings = new ArrayList<>();
        for (Layout.Node node : view.layout().nodes()) {
            if (node.standing() == Standing.GONE) {
                findings.add("Node " + node.member()
                        + " has not answered for so long that its replicas were placed on others. Start it again, or: lockstep node"
                        + " remove " + node.id());
            } else if (!answers.containsKey(node.member())) {
                findings.add("Node " + node.member() + " does not answer");
            }
        }
        if (drained != null) {
            findings.add("Node " + drained + " is drained and leads nothing, until: lockstep node undrain " + drained);
        }
        view.layout().leaving().forEach(node -> findings.add("Node " + node + " is leaving the cluster"));
        view.layout().moves().forEach((group, move) -> findings.add(moving(view, group, move.to())));
        boolean served = true;
        for (int group = ShardMap.CONTROL_GROUP; group < view.map().shards(); group++) {
            served &= judge(group, view.hostsOf(group).size(), answers, findings);
        }
        return new ClusterHealth(served, answers.size(), List.copyOf(findings));
    }

    private static String moving(ClusterView view, int group, List<NodeId> target) {
        return sentence(ShardCommand.noun(group)) + " is being moved from " + words(view.hostsOf(group)) + " to "
                + words(target);
    }

    private static String words(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::name).collect(Collectors.joining(", "));
    }

    private static String sentence(String noun) {
        return noun.substring(0, 1).toUpperCase(Locale.ROOT) + noun.substring(1);
    }

    /** Tells whether a group has a leader, and adds what is wrong with its replicas. */
    private static boolean judge(
            int group, int hosts, Map<Member, List<ReplicaStatus>> answers, List<String> findings) {
        int intact = 0;
        boolean led = false;
        List<String> waiting = new ArrayList<>();
        for (Map.Entry<Member, List<ReplicaStatus>> answer : answers.entrySet()) {
            for (ReplicaStatus replica : answer.getValue()) {
                if (replica.group() != group) {
                    continue;
                }
                led |= replica.leads();
                if (replica.state() == State.INTACT) {
                    intact++;
                } else {
                    waiting.add(answer.getKey().id() + " is " + words(replica));
                }
            }
        }
        if (!led || intact < hosts) {
            findings.add(sentence(ShardCommand.noun(group))
                    + (led ? " has " : " has no leader, and ") + intact + " of " + hosts + " replicas intact"
                    + (waiting.isEmpty() ? "" : ": " + String.join(", ", waiting)));
        }
        return led;
    }

    private static String words(ReplicaStatus replica) {
        String state = ShardCommand.words(replica.state());
        return replica.note().isEmpty() ? state : state + " (" + replica.note() + ")";
    }
}
