package dev.lockstep.jcache;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A view of a cache whose reads return versions and whose writes may be conditional on them: {@code cache.unwrap(LockstepCache.class).versioned()}.
 * Reads are as consistent as those of the cache, so linearizable with {@code strong().versioned()}; a version that is out of date
 * only makes the write that depends on it fail. Thread-safe.
 *
 * <p>These operations call neither loader nor writer, ask no expiry policy of the application's own, and count in no statistics.
 * Listeners are notified. They throw what those of {@link javax.cache.Cache} throw.
 */
public interface VersionedCache<K, V> {

    /** Reads an entry, without prolonging its life. */
    Versioned<V> read(K key);

    /**
     * Stores an entry whatever is there.
     *
     * @param lifetime positive, in whole milliseconds; null for the cache's own rule
     * @return the version that it has now
     */
    Version put(K key, V value, @Nullable Duration lifetime);

    /**
     * Stores an entry if nothing has happened to the key since it was read.
     *
     * @param expected of this key
     * @param lifetime positive, in whole milliseconds; null for the cache's own rule
     * @return the version that it has now; null when something has happened or the shard can no longer tell, and nothing was stored
     */
    @Nullable
    Version put(K key, V value, Version expected, @Nullable Duration lifetime);

    /**
     * Removes an entry if nothing has happened to the key since it was read.
     *
     * @param expected of this key
     * @return false when something has happened or the shard can no longer tell, and nothing was removed
     */
    boolean remove(K key, Version expected);

    /**
     * Captures the state of the cluster that this CacheManager has seen by now, in every cache of it. Costs no request. Whatever anyone
     * writes after this call has begun is later than the moment; what was written before may be, too.
     */
    Moment moment();

    /**
     * Narrows what a read found to what cannot have changed after an earlier moment.
     *
     * @param found by a read of this key after the moment
     * @param moment of this cache's CacheManager
     * @return a condition that holds only if nothing has happened to the key after the moment; null if something has already
     */
    @Nullable
    Version unchangedSince(K key, Versioned<V> found, Moment moment);
}
