package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.CacheChange;

/** Sees the entries that the leaders of shards remove by themselves. Called on the threads that apply; must not block. */
public interface RemovalObserver {

    /** Sees nothing. */
    RemovalObserver NONE = (shard, change) -> {};

    /**
     * An entry was evicted or has expired, at the replica that leads its shard.
     *
     * @param change of the kind {@code EVICTED} or {@code EXPIRED}
     */
    void removed(int shard, CacheChange change);
}
