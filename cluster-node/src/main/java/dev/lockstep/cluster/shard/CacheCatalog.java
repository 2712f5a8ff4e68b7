package dev.lockstep.cluster.shard;

import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The caches that exist, as the control group says and as far as this node has learnt it. Thread-safe. */
public interface CacheCatalog {

    /** The cache with this id, or null: destroyed, or not known here yet. */
    @Nullable
    CacheInfo cache(int cacheId);

    /** Tells whether the cache was created and has been destroyed. */
    boolean isDestroyed(int cacheId);

    /** Tells whether all nodes and clients know that memory can be full: an earlier version of the cluster has no status for it. */
    default boolean hasMemory() {
        return true;
    }

    /**
     * Learns of a cache that is neither here nor destroyed.
     *
     * @param then takes null once {@link #cache} or {@link #isDestroyed} can tell, or else why that could not be learnt;
     *     {@link Status#NO_SUCH_CACHE} if neither this cache exists nor any with a higher id
     */
    void learn(int cacheId, Consumer<Reply.@Nullable Refused> then);
}
