package dev.lockstep.cli;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The groups whose quorum does not survive that a node is stopped. Pure. */
final class QuorumCheck {

    private QuorumCheck() {}

    /**
     * Names each group that would be left without a quorum of replicas that vote.
     *
     * @param node that is to be stopped
     * @param answers the replicas of the nodes that answer
     */
    static List<String> lostWithout(NodeId node, ClusterView view, Map<Member, List<ReplicaStatus>> answers) {
        List<String> lost = new ArrayList<>();
        for (int group = ShardMap.CONTROL_GROUP; group < view.map().shards(); group++) {
            check(group, view.hostsOf(group), node, answers, lost);
        }
        return lost;
    }

    private static void check(
            int group, List<NodeId> hosts, NodeId node, Map<Member, List<ReplicaStatus>> answers, List<String> lost) {
        long voting = answers.entrySet().stream()
                .filter(answer -> !answer.getKey().id().equals(node)
                        && hosts.contains(answer.getKey().id()))
                .flatMap(answer -> answer.getValue().stream())
                .filter(replica -> replica.group() == group && replica.state() == State.INTACT)
                .count();
        if (hosts.contains(node) && 2 * voting <= hosts.size()) {
            lost.add(ShardCommand.noun(group) + " (" + voting + " of " + hosts.size() + ")");
        }
    }
}
