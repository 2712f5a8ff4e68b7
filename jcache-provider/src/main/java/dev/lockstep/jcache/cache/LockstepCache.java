package dev.lockstep.jcache.cache;

import java.time.Duration;
import javax.cache.Cache;

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

    /** How many entries the cache has in the cluster; those that have expired a moment ago may be counted. */
    long size();
}
