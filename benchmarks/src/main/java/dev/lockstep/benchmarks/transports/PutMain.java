package dev.lockstep.benchmarks.transports;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * A client of three servers that puts through JCache, with the one provider on its class path. Arguments: lockstep and a URI, or
 * hazelcast and addresses. Order: {@code run callers seconds}.
 */
final class PutMain {

    private static final int ENTRIES = 10_000;
    private static final String VALUE = "v".repeat(100);

    private final Cache<String, String> cache;

    private PutMain(Cache<String, String> cache) {
        this.cache = cache;
    }

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        var configuration = new MutableConfiguration<String, String>().setTypes(String.class, String.class);
        Cache<String, String> cache = arguments[0].equals("lockstep")
                ? Caching.getCachingProvider()
                        .getCacheManager(URI.create(arguments[1]), PutMain.class.getClassLoader())
                        .createCache("puts", configuration)
                : Hazelcast.cache(arguments[1]);
        PutMain client = new PutMain(cache);
        Orders.serve(words -> client.run(Integer.parseInt(words[1]), Integer.parseInt(words[2]))
                .text());
        System.exit(0);
    }

    private Figures run(int callers, int seconds) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Histogram nanos = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(1), 3);
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                tasks.add(() -> put(end, nanos));
            }
            for (Future<Void> done : threads.invokeAll(tasks)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
        }
        return Figures.of(nanos, nanos.getTotalCount(), seconds);
    }

    private Void put(long end, Histogram nanos) {
        for (long began = System.nanoTime(); began < end; began = System.nanoTime()) {
            cache.put("customer:" + ThreadLocalRandom.current().nextInt(ENTRIES), VALUE);
            nanos.recordValue(System.nanoTime() - began);
        }
        return null;
    }
}
