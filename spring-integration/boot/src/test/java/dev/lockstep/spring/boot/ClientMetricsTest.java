package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.spring.LockstepCacheManager;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.cache.CacheManager;
import javax.cache.Caching;
import org.junit.jupiter.api.Test;

class ClientMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private Optional<Duration> staleness = Optional.of(Duration.ofMillis(2_500));

    private double count(String meter, String... tags) {
        return registry.get(meter)
                .tag("cache.manager", "own")
                .tags(tags)
                .functionCounter()
                .count();
    }

    @Test
    void eachCountHasItsMeter() {
        try (CacheManager jcache = Caching.getCachingProvider()
                .getCacheManager(
                        URI.create("lockstep:local"), new ClassLoader(getClass().getClassLoader()) {})) {
            LockstepCacheManager manager = new LockstepCacheManager(jcache) {
                @Override
                public ClientCounts counts() {
                    return new ClientCounts(100, 20, 3, 4, Duration.ofMillis(1_500));
                }

                @Override
                public Optional<Duration> staleness() {
                    return staleness;
                }
            };
            new ClientMetrics(manager, List.of(Tag.of("cache.manager", "own"))).bindTo(registry);
            assertThat(count("lockstep.client.requests", "result", "success")).isEqualTo(100);
            assertThat(count("lockstep.client.requests", "result", "failure")).isEqualTo(20);
            assertThat(count("lockstep.client.retries")).isEqualTo(3);
            assertThat(count("lockstep.client.reconnects")).isEqualTo(4);
            var latency = registry.get("lockstep.client.latency")
                    .tag("cache.manager", "own")
                    .functionTimer();
            assertThat(latency.count()).isEqualTo(120);
            assertThat(latency.totalTime(TimeUnit.SECONDS)).isEqualTo(1.5);
            TimeGauge gauge = registry.get("lockstep.client.staleness")
                    .tag("cache.manager", "own")
                    .timeGauge();
            assertThat(gauge.value(TimeUnit.SECONDS)).isEqualTo(2.5);
            staleness = Optional.empty();
            assertThat(gauge.value(TimeUnit.SECONDS)).isNaN();
            SimpleMeterRegistry ofAClient = new SimpleMeterRegistry();
            new ClientMetrics(manager, List.of()).bindTo(ofAClient);
            assertThat(ofAClient.find("lockstep.client.staleness").meter()).isNull();
        }
    }
}
