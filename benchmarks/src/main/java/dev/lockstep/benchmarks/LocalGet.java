package dev.lockstep.benchmarks;

import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A session get from a replica in this JVM, two threads, 10,000 entries of 100 characters; beside it, in the same run, the
 * same get from Caffeine and from a plain map, which neither hash the key's bytes nor know of sessions or expiry.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Threads(2)
@Fork(2)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class LocalGet {

    private static final int ENTRIES = 10_000;

    private final String[] keys = new String[ENTRIES];
    private final ConcurrentHashMap<String, String> map = new ConcurrentHashMap<>();
    private final com.github.benmanes.caffeine.cache.Cache<String, String> caffeine =
            Caffeine.newBuilder().maximumSize(2 * ENTRIES).build();
    private CachingProvider provider;
    private Cache<String, String> lockstep;

    /** Fills all three with the same entries. */
    @Setup
    public void fill() {
        provider = Caching.getCachingProvider();
        lockstep = provider.getCacheManager()
                .createCache(
                        "local-get", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        for (int i = 0; i < ENTRIES; i++) {
            keys[i] = "customer:" + i;
            String value = "v".repeat(100);
            lockstep.put(keys[i], value);
            caffeine.put(keys[i], value);
            map.put(keys[i], value);
        }
    }

    /** Ends the embedded node. */
    @TearDown
    public void close() {
        provider.close();
    }

    @Benchmark
    public String lockstep() {
        return lockstep.get(key());
    }

    @Benchmark
    public String caffeine() {
        return caffeine.getIfPresent(key());
    }

    @Benchmark
    public String map() {
        return map.get(key());
    }

    private String key() {
        return keys[ThreadLocalRandom.current().nextInt(ENTRIES)];
    }
}
