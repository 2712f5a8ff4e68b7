package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.binder.cache.JCacheMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import javax.cache.Cache;
import org.junit.jupiter.api.Test;

/** Micrometer's meters of caches. */
@InEachTopology
class MicrometerClient {

    private final Topology topology;

    MicrometerClient(Topology topology) {
        this.topology = topology;
    }

    @Test
    void itsMetersTellWhatTheStatisticsCount() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Cache<String, String> cache = topology.cache(String.class, String.class);
        JCacheMetrics.monitor(registry, cache, "topology", topology.name());
        cache.put("there", "value");
        cache.get("there");
        cache.get("there");
        cache.get("not there");
        cache.remove("there");
        assertThat(count(registry, "cache.gets", "hit")).isEqualTo(2);
        assertThat(count(registry, "cache.gets", "miss")).isEqualTo(1);
        assertThat(registry.get("cache.puts").functionCounter().count()).isEqualTo(1);
        assertThat(registry.get("cache.removals").gauge().value()).isEqualTo(1);
    }

    private static double count(SimpleMeterRegistry registry, String name, String result) {
        return registry.get(name).tag("result", result).functionCounter().count();
    }
}
