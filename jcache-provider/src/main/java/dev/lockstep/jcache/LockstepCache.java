package dev.lockstep.jcache;

import java.time.Duration;
import java.util.function.Function;
import javax.cache.Cache;
import org.jspecify.annotations.Nullable;

/** What a cache of Lockstep can do beyond JSR-107; {@code cache.unwrap(LockstepCache.class)}. Thread-safe. */
public interface LockstepCache<K, V> extends Cache<K, V> {

    /** The same cache, read linearizably. What is closed of one is closed of both. */
    LockstepCache<K, V> strong();

    /** The same cache, whose operations do not wait; of {@link #strong} with strong reads. */
    AsyncCache<K, V> async();

    /** The same cache with versions; of {@link #strong} with strong reads. */
    VersionedCache<K, V> versioned();

    /**
     * Stores an entry with a lifetime of its own, whatever the cache's expiry policy says; a later update is the policy's again.
     *
     * @param lifetime positive, in whole milliseconds
     */
    void put(K key, V value, Duration lifetime);

    /**
     * The value that is there; else what the loader gives, stored. The loader runs once for a key in the whole cluster: others who
     * ask meanwhile wait, the CacheManager's time-out at most, and get its result. A second time only if the JVM that runs it or the shard's leader
     * is lost, or if it takes longer than a minute. What is there is read as by {@link #get}, and costs no lease.
     *
     * @param loader runs on the calling thread; what it throws is thrown. It must not ask for the same key, for which it would
     *     wait in vain
     * @return null if the loader gave null, and then nothing is stored
     */
    @Nullable
    V computeIfAbsent(K key, Function<? super K, ? extends @Nullable V> loader);

    /** How many entries the cache has in the cluster; those that have expired a moment ago may be counted. */
    long size();
}
