package dev.lockstep.jcache;

import java.time.Duration;
import java.util.function.Function;
import javax.cache.Cache;
import org.jspecify.annotations.Nullable;

/** A cache of Lockstep, with operations beyond JSR-107; {@code cache.unwrap(LockstepCache.class)}. Thread-safe. */
public interface LockstepCache<K, V> extends Cache<K, V> {

    /** Returns a view of this cache with linearizable reads. Closing the view closes the cache. */
    LockstepCache<K, V> strong();

    /** Returns a view of this cache with asynchronous operations; that of {@link #strong} has strong reads. */
    AsyncCache<K, V> async();

    /** Returns a view of this cache with versions; that of {@link #strong} has strong reads. */
    VersionedCache<K, V> versioned();

    /**
     * Stores an entry with a lifetime of its own, whatever the cache's expiry policy says; a later update is the policy's again.
     *
     * @param lifetime positive, in whole milliseconds
     */
    void put(K key, V value, Duration lifetime);

    /**
     * Returns the value of an entry; where there is none, stores and returns what the loader returns. The loader runs
     * once for a key in the whole cluster: other callers meanwhile wait, the CacheManager's time-out at most, and get
     * its result. A second time only if the JVM that runs it or the shard's leader is lost, or if it takes longer than
     * a minute. A present entry is read as by {@link #get}, and costs no lease.
     *
     * @param loader runs on the calling thread; what it throws is thrown. It must not ask for the same key, for which
     *     it would wait in vain
     * @return null if the loader gave null, and then nothing is stored
     */
    @Nullable
    V computeIfAbsent(K key, Function<? super K, ? extends @Nullable V> loader);

    /** Counts the entries of the cache in the cluster; entries that expired a moment ago may be included. */
    long size();
}
