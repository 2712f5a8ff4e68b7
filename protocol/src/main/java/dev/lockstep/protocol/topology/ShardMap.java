package dev.lockstep.protocol.topology;

import java.util.List;

/**
 * The assignment of slots to shards and of replicas to members: slots to shards, shards to the nodes that host their
 * replicas. Immutable; of two maps the one with the higher version holds.
 *
 * @param version rises with every change
 * @param replicas for each shard the nodes that host it, in order of preference; the index is the shard's number
 */
public record ShardMap(long version, List<List<NodeId>> replicas) {

    /** The number of the control group, where groups are numbered: shards have those from 0 on. */
    public static final int CONTROL_GROUP = -1;

    public ShardMap {
        replicas = replicas.stream().map(List::copyOf).toList();
        if (replicas.isEmpty() || replicas.size() > Slots.COUNT) {
            throw new IllegalArgumentException("A cluster has 1 to " + Slots.COUNT + " shards, not " + replicas.size());
        }
    }

    public int shards() {
        return replicas.size();
    }

    /**
     * The shard that owns a key of a cache.
     *
     * @param keyHash XXH3, 64 bits, seed 0, of the key's bytes
     */
    public int shardOf(int cacheId, long keyHash) {
        return Slots.of(cacheId, keyHash) * replicas.size() / Slots.COUNT;
    }

    public List<NodeId> replicasOf(int shard) {
        return replicas.get(shard);
    }
}
