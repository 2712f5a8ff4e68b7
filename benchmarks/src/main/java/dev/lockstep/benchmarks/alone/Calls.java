package dev.lockstep.benchmarks.alone;

import java.util.concurrent.ThreadLocalRandom;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.processor.EntryProcessor;
import org.jspecify.annotations.Nullable;

/** Calls of a cache by value with 10,000 entries, of keys at random, {@value #AT_ONCE} at a time. Thread-safe. */
final class Calls<V> {

    static final int AT_ONCE = 64;
    private static final int ENTRIES = 10_000;

    private final String[] keys = new String[ENTRIES];
    private final Cache<String, V> cache;
    private final V one;
    private final V other;
    private final EntryProcessor<String, V, @Nullable Void> swap;

    Calls(CacheManager manager, Class<V> type, V one, V other) {
        this.cache = manager.createCache(
                type.getSimpleName(), new MutableConfiguration<String, V>().setTypes(String.class, type));
        this.one = one;
        this.other = other;
        this.swap = (entry, arguments) -> {
            entry.setValue(entry.getValue().equals(one) ? other : one);
            return null;
        };
        for (int i = 0; i < ENTRIES; i++) {
            keys[i] = "customer:" + i;
            cache.put(keys[i], one);
        }
    }

    private String key() {
        return keys[ThreadLocalRandom.current().nextInt(ENTRIES)];
    }

    void put() {
        for (int i = 0; i < AT_ONCE; i += 2) {
            cache.put(key(), one);
            cache.put(key(), other);
        }
    }

    /** Each reads the value, and sets the other one. */
    void invoke() {
        for (int i = 0; i < AT_ONCE; i++) {
            cache.invoke(key(), swap);
        }
    }

    void get() {
        for (int i = 0; i < AT_ONCE; i++) {
            String key = key();
            if (cache.get(key) == null) {
                throw new IllegalStateException(key + " is missing");
            }
        }
    }
}
