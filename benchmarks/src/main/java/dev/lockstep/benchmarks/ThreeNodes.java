package dev.lockstep.benchmarks;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/**
 * Three node processes on this machine, driven by the client in this JVM: every workload once a round, so that what is
 * compared has run side by side. Arguments: rounds (5), seconds for each measurement (3) and shards (4: few, as is right
 * for three nodes that share one machine, since each group costs CPU even at rest).
 */
public final class ThreeNodes {

    private static final int ENTRIES = 10_000;
    /**
     * The seconds of warm-up of each workload: in the nodes' first minute half of the CPU goes into compiling, and
     * would be measured too.
     */
    private static final int WARM_UP_SECONDS = 8;

    private static final String VALUE = "v".repeat(100);

    private ThreeNodes() {}

    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3;
        int shards = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 4;
        Path home = Files.createTempDirectory("lockstep-three-nodes");
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: " + shards));
                CacheManager manager =
                        Caching.getCachingProvider().getCacheManager(nodes.uri(), ThreeNodes.class.getClassLoader())) {
            Cache<String, String> cache = manager.createCache(
                    "driver", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
            for (int i = 0; i < ENTRIES; i++) {
                cache.put(key(i), VALUE);
            }
            measure(workloads(cache), rounds, seconds);
        }
    }

    private static List<Workload> workloads(Cache<String, String> cache) {
        return List.of(
                new Workload("put, 1 caller", 1, i -> cache.put(key(i), VALUE)),
                new Workload("put, 8 callers", 8, i -> cache.put(key(i), VALUE)),
                new Workload("put, 64 callers", 64, i -> cache.put(key(i), VALUE)),
                new Workload("put, 256 callers", 256, i -> cache.put(key(i), VALUE)),
                new Workload("session get, 1 caller", 1, i -> cache.get(key(i))),
                new Workload("session get, 64 callers", 64, i -> cache.get(key(i))));
    }

    private static String key(int number) {
        return "customer:" + Math.floorMod(number, ENTRIES);
    }

    private static void measure(List<Workload> workloads, int rounds, int seconds) throws InterruptedException {
        Map<Workload, Samples> all = new LinkedHashMap<>();
        workloads.forEach(workload -> all.put(workload, new Samples()));
        System.out.println("Warming up");
        for (Workload workload : workloads) {
            workload.run(Math.max(seconds, WARM_UP_SECONDS));
        }
        for (int round = 1; round <= rounds; round++) {
            System.out.printf(Locale.ROOT, "Round %d of %d%n", round, rounds);
            double base = 0;
            for (Workload workload : workloads) {
                Sample sample = workload.run(seconds);
                base = workload.callers() == 1 ? sample.rate() : base;
                all.get(workload).add(sample, sample.rate() / base);
            }
        }
        System.out.printf(
                "%n%-24s %24s %22s %9s %9s %8s%n",
                "median [lowest-highest]", "operations/s", "ratio to 1 caller", "p50 us", "p99 us", "CPU us");
        all.forEach((workload, samples) -> System.out.printf("%-24s %s%n", workload.name(), samples));
    }
}
