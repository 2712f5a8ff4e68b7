package dev.lockstep.benchmarks;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * A cluster with 10,000 entries of 100 characters, and gets and puts of it by numbers of callers.
 *
 * @param nodes in processes of their own; null if the only node is in this JVM
 * @param workloads by their names, such as {@code put@64}
 */
public record Contender(@Nullable NodeProcesses nodes, CacheManager manager, Map<String, Workload> workloads)
        implements AutoCloseable {

    private static final int ENTRIES = 10_000;
    private static final String VALUE = "v".repeat(100);

    /**
     * A client of node processes.
     *
     * @param query of the manager's URI; empty for none
     * @param callers of the gets, and of the puts
     */
    public static Contender client(NodeProcesses nodes, String query, int... callers) {
        return of(nodes, URI.create(nodes.uri() + query), callers);
    }

    /** An application with a node of its own in this JVM. */
    public static Contender embedded(URI configuration, int... callers) {
        return of(null, configuration, callers);
    }

    private static Contender of(@Nullable NodeProcesses nodes, URI uri, int... numbers) {
        CacheManager manager = Caching.getCachingProvider().getCacheManager(uri, Contender.class.getClassLoader());
        Cache<String, String> cache = manager.createCache(
                "driver", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        for (int i = 0; i < ENTRIES; i++) {
            cache.put(key(i), VALUE);
        }
        Map<String, Workload> workloads = new LinkedHashMap<>();
        for (int callers : numbers) {
            String get = "get@" + callers;
            String put = "put@" + callers;
            workloads.put(get, new Workload(get, callers, i -> cache.get(key(i))));
            workloads.put(put, new Workload(put, callers, i -> cache.put(key(i), VALUE)));
        }
        return new Contender(nodes, manager, workloads);
    }

    private static String key(int number) {
        return "customer:" + Math.floorMod(number, ENTRIES);
    }

    @Override
    public void close() {
        manager.close();
        if (nodes != null) {
            nodes.close();
        }
    }
}
