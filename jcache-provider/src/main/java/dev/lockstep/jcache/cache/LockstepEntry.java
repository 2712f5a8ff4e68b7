package dev.lockstep.jcache.cache;

import javax.cache.Cache;

/** A key and its value, as they were read. Immutable. */
public record LockstepEntry<K, V>(K key, V value) implements Cache.Entry<K, V> {

    @Override
    public K getKey() {
        return key;
    }

    @Override
    public V getValue() {
        return value;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("An entry of Lockstep is no " + type.getName());
    }
}
