package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.management.Statistics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads of a cache; what is not there is loaded, once in the cluster, if the cache reads through. Thread-safe. */
final class Reads<K, V> {

    private final Binding<K, V> binding;
    private final Leased<K, V> leased;
    private final @Nullable ReadThrough<K, V> loader;
    private final Statistics statistics;

    Reads(Binding<K, V> binding, Leased<K, V> leased, @Nullable ReadThrough<K, V> loader, Statistics statistics) {
        this.binding = binding;
        this.leased = leased;
        this.loader = loader;
        this.statistics = statistics;
    }

    @Nullable
    V get(K key) {
        V value = binding.get(key);
        statistics.read(value != null);
        if (value != null || loader == null || !loader.onMiss()) {
            return value;
        }
        return leased.run(key, seen -> loaded(seen, key, loader));
    }

    /** Another one may have loaded it while we waited for the lease. */
    private static <K, V> Decision<V, @Nullable V> loaded(@Nullable V seen, K key, ReadThrough<K, V> loader) {
        if (seen != null) {
            return Decision.access(seen);
        }
        V value = loader.load(key);
        return value == null ? Decision.keep(null) : Decision.load(value, value);
    }

    Map<K, V> getAll(Set<? extends K> keys) {
        Map<K, V> found = binding.getAll(keys);
        statistics.hits(found.size());
        statistics.misses(keys.size() - found.size());
        if (loader != null && loader.onMiss() && found.size() < keys.size()) {
            Set<K> missing = new HashSet<>(keys);
            missing.removeAll(found.keySet());
            found.putAll(load(missing, loader, false));
        }
        return found;
    }

    /**
     * Loads and stores.
     *
     * @param replaceExisting whether to load what is there as well
     * @return what is there now, loaded or found
     */
    Map<K, V> load(Set<? extends K> keys, ReadThrough<K, V> source, boolean replaceExisting) {
        Map<K, V> now = new HashMap<>();
        leased.all(keys, seen -> {
            Set<K> wanted = new HashSet<>(keys);
            if (!replaceExisting) {
                wanted.removeAll(seen.keySet());
                now.putAll(seen);
            }
            Map<K, Decision<V, Boolean>> decisions = new HashMap<>();
            if (!wanted.isEmpty()) {
                source.loadAll(wanted).forEach((key, value) -> {
                    if (wanted.contains(key)) {
                        now.put(key, value);
                        decisions.put(key, Decision.load(value, true));
                    }
                });
            }
            return decisions;
        });
        return now;
    }

    void loadAll(Set<? extends K> keys, boolean replaceExisting) {
        if (loader != null && !keys.isEmpty()) {
            load(keys, loader, replaceExisting);
        }
    }
}
