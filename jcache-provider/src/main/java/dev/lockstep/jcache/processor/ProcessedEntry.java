package dev.lockstep.jcache.processor;

import javax.cache.processor.MutableEntry;
import org.jspecify.annotations.Nullable;

/**
 * The entry that a processor works on: reads what was read under the lease, and remembers the last change. Belongs to the
 * thread that runs the processor.
 */
public final class ProcessedEntry<K, V> implements MutableEntry<K, V> {

    private final K key;
    private @Nullable V value;
    private Change change = Change.NONE;

    /** What the processor did in the end. */
    public enum Change {
        NONE,
        SET,
        REMOVED
    }

    /** @param value null when there is no entry */
    public ProcessedEntry(K key, @Nullable V value) {
        this.key = key;
        this.value = value;
    }

    @Override
    public boolean exists() {
        return value != null;
    }

    @Override
    public void remove() {
        value = null;
        change = Change.REMOVED;
    }

    @Override
    public K getKey() {
        return key;
    }

    @Override
    public @Nullable V getValue() {
        return value;
    }

    @Override
    public void setValue(V newValue) {
        if (newValue == null) {
            throw new NullPointerException("An entry can't hold null");
        }
        value = newValue;
        change = Change.SET;
    }

    /** What has to be written. */
    public Change change() {
        return change;
    }

    /** The value now; null when there is none. */
    public @Nullable V value() {
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
