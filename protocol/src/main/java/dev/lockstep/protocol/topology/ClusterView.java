package dev.lockstep.protocol.topology;

import java.util.List;
import java.util.Map;

/**
 * A node's view of its cluster.
 *
 * @param leaders the believed leader of each shard; a shard whose leader is unknown is missing. A hint, never a promise
 */
public record ClusterView(String cluster, List<Member> members, ShardMap map, Map<Integer, NodeId> leaders) {

    public ClusterView {
        members = List.copyOf(members);
        leaders = Map.copyOf(leaders);
    }

    /** Returns the members that host a group: a shard by its number, or {@link ShardMap#CONTROL_GROUP}, which all of them host. */
    public List<NodeId> hostsOf(int group) {
        return group == ShardMap.CONTROL_GROUP
                ? members.stream().map(Member::id).toList()
                : map.replicasOf(group);
    }
}
