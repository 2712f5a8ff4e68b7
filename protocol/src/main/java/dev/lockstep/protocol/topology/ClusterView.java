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
}
