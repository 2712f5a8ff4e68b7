package dev.lockstep.jcache.processor;

import java.util.function.Function;
import java.util.function.Supplier;
import javax.cache.processor.MutableEntry;
import org.jspecify.annotations.Nullable;

/**
 * The entry that a processor works on: returns what was read under the lease, loads a missing value when it is read, and remembers the last
 * change. Belongs to the thread that runs the processor.
 */
public final class ProcessedEntry<K, V> implements MutableEntry<K, V> {

    private final K key;
    private final boolean existed;
    private @Nullable Supplier<V> stored;
    private final @Nullable Function<K, @Nullable V> loader;
    private @Nullable V value;
    private Change change = Change.NONE;

    /** The effect of the processor. */
    public enum Change {
        NONE,
        /** Read an entry that exists. */
        READ,
        /** Read an entry that did not exist, and so was loaded. */
        LOADED,
        SET,
        REMOVED
    }

    /**
     * @param stored gives the value when it is read; null when there is no entry
     * @param loader asked when the value of an entry is read that is not there; null for none
     */
    public ProcessedEntry(K key, @Nullable Supplier<V> stored, @Nullable Function<K, @Nullable V> loader) {
        this.key = key;
        this.stored = stored;
        this.existed = stored != null;
        this.loader = loader;
    }

    @Override
    public boolean exists() {
        return value != null || stored != null;
    }

    @Override
    public void remove() {
        boolean onlyHere = !existed && (change == Change.SET || change == Change.LOADED);
        value = null;
        stored = null;
        change = onlyHere ? Change.NONE : Change.REMOVED;
    }

    @Override
    public K getKey() {
        return key;
    }

    @Override
    public @Nullable V getValue() {
        if (stored != null) {
            value = stored.get();
            stored = null;
            change = Change.READ;
        } else if (change == Change.NONE && loader != null) {
            value = loader.apply(key);
            change = value == null ? Change.NONE : Change.LOADED;
        }
        return value;
    }

    @Override
    public void setValue(V newValue) {
        if (newValue == null) {
            throw new NullPointerException("An entry can't hold null");
        }
        value = newValue;
        stored = null;
        change = Change.SET;
    }

    /** Returns the effect that has to be written. */
    public Change change() {
        return change;
    }

    /** Returns the value now; null when there is none. */
    public @Nullable V value() {
        return value;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("Cannot unwrap the entry of an entry processor as " + type.getName());
    }
}
