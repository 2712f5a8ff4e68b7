package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The values of a region, by key: a value, a fence or nothing. A fence says that something happened to the key, to all
 * sessions that began earlier. Thread-safe. All methods throw what the cache throws.
 */
final class Values {

    private static final Logger LOG = LoggerFactory.getLogger(Values.class);
    /** Then the shard's tombstones, or their horizon, say the same. */
    private static final Duration FENCE_LIFETIME = Duration.ofMinutes(1);

    private final LockstepCache<String, byte[]> cache;
    private final VersionedCache<String, byte[]> versioned;
    private final Codec codec;

    Values(LockstepCache<String, byte[]> cache, Codec codec) {
        this.cache = cache;
        this.versioned = cache.versioned();
        this.codec = codec;
    }

    /** The same, read linearizably. */
    Values strong() {
        return new Values(cache.strong(), codec);
    }

    @Nullable
    Object get(String key) {
        byte[] bytes = cache.get(key);
        return bytes == null || Codec.isFence(bytes) ? null : decoded(bytes);
    }

    private @Nullable Object decoded(byte[] bytes) {
        try {
            return codec.value(bytes);
        } catch (CacheException unreadable) {
            LOG.warn(
                    "A value of region {} is ignored: {} (or in {})",
                    cache.getName(),
                    unreadable.getMessage(),
                    LockstepSettings.ALLOWED);
            return null;
        }
    }

    /**
     * Stores what was loaded from the database, unless something happened to the key since.
     *
     * @param began before the database could be asked
     * @param replace whether it may take the place of a value from before that moment
     * @param free asked only if needed: whether no session is about to change the key
     * @return whether it was stored
     */
    boolean putLoaded(String key, Object value, Moment began, boolean replace, BooleanSupplier free) {
        Versioned<byte[]> found = versioned.read(key);
        byte[] present = found.value();
        if (present != null && !Codec.isFence(present) && !replace) {
            return false;
        }
        Version expected = versioned.unchangedSince(key, found, began);
        return expected != null
                && free.getAsBoolean()
                && versioned.put(key, codec.value(value), expected, null) != null;
    }

    /** Removes the value, and keeps sessions from putting that have begun by now. */
    Version fence(String key) {
        return versioned.put(key, codec.fence(), FENCE_LIFETIME);
    }

    /** Puts a value in the place of a fence, if nothing else happened since that was put. */
    boolean putOver(Version fence, String key, Object value) {
        return versioned.put(key, codec.value(value), fence, null) != null;
    }

    /** Stores a value whatever is there. */
    void put(String key, Object value) {
        cache.put(key, codec.value(value));
    }

    /** Removes everything, and keeps sessions from putting that have begun by now. */
    void clear() {
        cache.clear();
    }

    long size() {
        return cache.size();
    }
}
