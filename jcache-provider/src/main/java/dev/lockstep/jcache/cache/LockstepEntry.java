package dev.lockstep.jcache.cache;

import javax.cache.Cache;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * A key and its value as they were read. Immutable.
 *
 * @param value null when it can't be read
 * @param unreadable why it can't be read, else null
 */
public record LockstepEntry<K, V>(
        K key, @Nullable V value, @Nullable CacheException unreadable) implements Cache.Entry<K, V> {

    public LockstepEntry(K key, V value) {
        this(key, value, null);
    }

    @Override
    public K getKey() {
        return key;
    }

    @Override
    public @Nullable V getValue() {
        if (unreadable != null) {
            throw unreadable;
        }
        return value;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("Cannot unwrap the cache entry as " + type.getName());
    }
}
