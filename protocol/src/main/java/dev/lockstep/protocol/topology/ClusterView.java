package dev.lockstep.protocol.topology;

import java.util.List;
import java.util.Map;

/**
 * A node's view of its cluster.
 *
 * @param leaders the believed leader of each shard; a shard whose leader is unknown is missing. A hint, never a promise
 */
public record ClusterView(String cluster, Layout layout, Map<Integer, NodeId> leaders) {

    public ClusterView {
        leaders = Map.copyOf(leaders);
    }

    /** The view of a cluster in which nothing moves, and each member hosts the control group. */
    public ClusterView(String cluster, List<Member> members, ShardMap map, Map<Integer, NodeId> leaders) {
        this(cluster, Layout.settled(0, Layout.nodes(members), map), leaders);
    }

    public List<Member> members() {
        return layout.members();
    }

    public ShardMap map() {
        return layout.map();
    }

    /** Returns the members that host a group: a shard by its number, or {@link ShardMap#CONTROL_GROUP}. */
    public List<NodeId> hostsOf(int group) {
        return layout.hostsOf(group);
    }
}
