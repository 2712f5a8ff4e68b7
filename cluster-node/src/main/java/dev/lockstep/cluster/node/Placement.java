package dev.lockstep.cluster.node;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The assignment of shards to nodes, from the members alone: every node computes the same, whatever the order in
 * which they are written down. Pure.
 */
final class Placement {

    private Placement() {}

    /** Spreads the shards round robin; no node hosts more than one replica more than another for each round. */
    static ShardMap of(Collection<NodeId> members, int shards, int replicationFactor) {
        List<NodeId> ring = members.stream().sorted().toList();
        List<List<NodeId>> replicas = new ArrayList<>(shards);
        for (int shard = 0; shard < shards; shard++) {
            List<NodeId> hosts = new ArrayList<>();
            for (int i = 0; i < Math.min(replicationFactor, ring.size()); i++) {
                hosts.add(ring.get((shard + i) % ring.size()));
            }
            replicas.add(hosts);
        }
        return new ShardMap(Layout.UNFORMED, replicas);
    }
}
