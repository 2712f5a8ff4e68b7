package dev.lockstep.protocol.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map of at most so many entries: one more takes the place of the one that was read or written least recently. Not thread-safe. */
public final class LruMap<K, V> extends LinkedHashMap<K, V> {

    private static final long serialVersionUID = 1;

    private final int max;

    /** @param max of entries, positive */
    public LruMap(int max) {
        super(16, 0.75f, true);
        this.max = max;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > max;
    }
}
