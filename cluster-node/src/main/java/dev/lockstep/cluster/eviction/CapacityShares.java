package dev.lockstep.cluster.eviction;

import dev.lockstep.cluster.store.ShardStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * Divides a cache's bound among the cluster's shards. Each has an equal share for certain, and may use what others of this
 * node's shards leave of theirs; when they have too many together, those above their shares give back, in proportion. Shards
 * that this node does not host are taken to need their shares. Thread-safe.
 */
public final class CapacityShares {

    private final int shards;
    private final List<Supplier<ShardStore>> hosted = new CopyOnWriteArrayList<>();

    /** @param shards of the cluster, all that there are */
    public CapacityShares(int shards) {
        this.shards = shards;
    }

    /** A shard of this node, from now on; its store may be replaced. */
    public void host(Supplier<ShardStore> store) {
        hosted.add(store);
    }

    /** The shard is hosted here no more. @param store the very object given to {@link #host} */
    public void release(Supplier<ShardStore> store) {
        hosted.remove(store);
    }

    /**
     * Counts the entries that a shard has too many.
     *
     * @param bound of the cache in the whole cluster, positive
     */
    long excess(long bound, int cacheId, ShardStore own) {
        long mine = own.count(cacheId);
        if (mine <= bound / shards) {
            return 0;
        }
        return excess(
                bound,
                shards,
                mine,
                hosted.stream().mapToLong(store -> store.get().count(cacheId)).toArray());
    }

    /** Likewise, from the counts of the shard and of all that are hosted. Pure. */
    static long excess(long bound, int shards, long own, long[] counts) {
        long share = bound / shards;
        long room = share * counts.length + bound % shards * counts.length / shards;
        long over = -room;
        long above = 0;
        for (long count : counts) {
            over += count;
            above += Math.max(0, count - share);
        }
        long mine = own - share;
        if (over <= 0 || mine <= 0) {
            return 0;
        }
        return Math.min(mine, (long) Math.ceil((double) over * mine / Math.max(above, mine)));
    }
}
