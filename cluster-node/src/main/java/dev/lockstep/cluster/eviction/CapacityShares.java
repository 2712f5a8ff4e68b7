package dev.lockstep.cluster.eviction;

import dev.lockstep.cluster.store.ShardStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;
import java.util.function.ToLongFunction;

/**
 * Divides a cache's bound among the cluster's shards. Each has an equal share for certain, and may use what others of this
 * node's shards leave of theirs; when they have too many together, those above their shares give back, in proportion. Shards
 * that this node does not host are taken to need their shares. Thread-safe.
 */
public final class CapacityShares {

    private final IntSupplier shards;
    private final List<Hosted> hosted = new CopyOnWriteArrayList<>();

    /** A shard of this node; its store may be replaced. */
    public interface Hosted {

        /** Returns the store as it is now. */
        ShardStore store();

        /** Returns the caches of which entries may be evicted. */
        List<Integer> boundedCaches();
    }

    /** @param shards of the cluster, all that there are, as far as this node knows; on any thread */
    public CapacityShares(IntSupplier shards) {
        this.shards = shards;
    }

    /** Counts with a shard of this node, from now on. */
    public void host(Hosted shard) {
        hosted.add(shard);
    }

    /** The shard is hosted here no more. @param shard the very object given to {@link #host} */
    public void release(Hosted shard) {
        hosted.remove(shard);
    }

    /** Returns the bytes of all entries on this node that may be evicted. */
    long evictableBytes() {
        long bytes = 0;
        for (Hosted shard : hosted) {
            for (int cacheId : shard.boundedCaches()) {
                bytes += shard.store().bytes(cacheId);
            }
        }
        return bytes;
    }

    /**
     * Counts the entries that a shard has too many, or their bytes.
     *
     * @param bound of the cache in the whole cluster, positive
     * @param amount what a store has of the cache
     */
    long excess(long bound, ShardStore own, ToLongFunction<ShardStore> amount) {
        long mine = amount.applyAsLong(own);
        int all = shards.getAsInt();
        if (mine <= bound / all) {
            return 0;
        }
        return excess(
                bound,
                all,
                mine,
                hosted.stream()
                        .mapToLong(shard -> amount.applyAsLong(shard.store()))
                        .toArray());
    }

    /** Likewise, from the amounts of the shard and of all that are hosted. Pure. */
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
