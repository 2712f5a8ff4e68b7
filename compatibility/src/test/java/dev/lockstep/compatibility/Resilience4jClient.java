package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resilience4j.cache.Cache;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Resilience4j's decorator that caches what a supplier answers. */
@InEachTopology
class Resilience4jClient {

    private final Topology topology;

    Resilience4jClient(Topology topology) {
        this.topology = topology;
    }

    @Test
    void aSupplierIsAskedOnce() {
        Cache<String, String> cache = Cache.of(topology.cache(String.class, String.class));
        AtomicInteger asked = new AtomicInteger();
        var cached = Cache.decorateCheckedSupplier(cache, () -> "answer " + asked.incrementAndGet());
        assertThat(unchecked(cached, "question")).isEqualTo("answer 1");
        assertThat(unchecked(cached, "question")).isEqualTo("answer 1");
        assertThat(unchecked(cached, "another")).isEqualTo("answer 2");
        assertThat(cache.getMetrics().getNumberOfCacheHits()).isEqualTo(1);
        assertThat(cache.getMetrics().getNumberOfCacheMisses()).isEqualTo(2);
    }

    private static String unchecked(
            io.github.resilience4j.core.functions.CheckedFunction<String, String> cached, String key) {
        try {
            return cached.apply(key);
        } catch (Throwable failed) {
            throw new AssertionError(failed);
        }
    }
}
