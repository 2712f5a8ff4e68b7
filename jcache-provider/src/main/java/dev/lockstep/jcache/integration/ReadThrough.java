package dev.lockstep.jcache.integration;

import java.io.Closeable;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import org.jspecify.annotations.Nullable;

/** A loader whose failures are {@link CacheLoaderException}s. Thread-safe if the loader is. */
public final class ReadThrough<K, V> {

    private final CacheLoader<K, V> loader;
    private final boolean onMiss;

    /** @param onMiss whether a read that misses loads, or only {@code loadAll} */
    public ReadThrough(CacheLoader<K, V> loader, boolean onMiss) {
        this.loader = loader;
        this.onMiss = onMiss;
    }

    public boolean onMiss() {
        return onMiss;
    }

    public @Nullable V load(K key) {
        try {
            return loader.load(key);
        } catch (CacheLoaderException known) {
            throw known;
        } catch (Throwable failure) {
            throw new CacheLoaderException("The loader failed for one key", failure);
        }
    }

    /** Loads many values; keys without one are left out. */
    public Map<K, V> loadAll(Iterable<K> keys) {
        try {
            Map<K, V> loaded = new LinkedHashMap<>();
            loader.loadAll(keys).forEach((key, value) -> {
                if (key != null && value != null) {
                    loaded.put(key, value);
                }
            });
            return loaded;
        } catch (CacheLoaderException known) {
            throw known;
        } catch (Throwable failure) {
            throw new CacheLoaderException("The loader failed", failure);
        }
    }

    /** Closes the loader if it can be closed. */
    public void close() {
        WriteThrough.close(loader instanceof Closeable closeable ? closeable : null);
    }
}
