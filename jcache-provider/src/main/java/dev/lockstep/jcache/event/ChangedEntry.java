package dev.lockstep.jcache.event;

import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;

/** The event of one change that listeners are notified of. Immutable. */
final class ChangedEntry<K, V> extends CacheEntryEvent<K, V> {

    private static final long serialVersionUID = 1;

    private final transient K key;
    private final transient @Nullable V value;
    private final transient @Nullable CacheException unreadable;
    private final transient @Nullable V old;
    private final boolean withOld;

    /**
     * @param value null when the entry is gone: then the event's value is the old one, if that was asked for
     * @param unreadable why the value can't be read, else null
     * @param old null when it was not asked for, or can't be read
     */
    ChangedEntry(
            Cache<K, V> cache,
            EventType type,
            K key,
            @Nullable V value,
            @Nullable CacheException unreadable,
            @Nullable V old,
            boolean withOld) {
        super(cache, type);
        this.key = key;
        this.value = value;
        this.unreadable = unreadable;
        this.old = old;
        this.withOld = withOld;
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
        return value == null && withOld ? old : value;
    }

    @Override
    public @Nullable V getOldValue() {
        return withOld ? old : null;
    }

    @Override
    public boolean isOldValueAvailable() {
        return withOld && old != null;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("Cannot unwrap the cache event as " + type.getName());
    }
}
