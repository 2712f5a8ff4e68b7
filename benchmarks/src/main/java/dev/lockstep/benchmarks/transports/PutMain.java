package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Workload;
import java.net.URI;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/**
 * A client of three servers that puts through JCache, 100 characters to one of 10,000 keys at a time. Arguments: lockstep and a
 * URI, or hazelcast and addresses. Order: {@code put callers seconds}.
 */
final class PutMain {

    private static final int ENTRIES = 10_000;
    private static final String VALUE = "v".repeat(100);

    private PutMain() {}

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        Cache<String, String> cache =
                arguments[0].equals("lockstep") ? lockstep(arguments[1]) : Hazelcast.cache(arguments[1]);
        Orders.serve(order -> put(cache, Integer.parseInt(order[1]), Integer.parseInt(order[2]))
                .text());
        System.exit(0);
    }

    private static Cache<String, String> lockstep(String uri) {
        return Caching.getCachingProvider("dev.lockstep.jcache.spi.LockstepCachingProvider")
                .getCacheManager(URI.create(uri), PutMain.class.getClassLoader())
                .createCache("puts", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
    }

    private static Figures put(Cache<String, String> cache, int callers, int seconds) throws InterruptedException {
        var sample = new Workload("put", callers, i -> cache.put("customer:" + i % ENTRIES, VALUE)).run(seconds);
        return Figures.of(sample, Math.round(sample.rate() * seconds));
    }
}
