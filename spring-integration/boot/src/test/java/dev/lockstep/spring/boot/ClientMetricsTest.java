package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.spring.LockstepCacheManager;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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

    /** The names in the table of the page about Spring. */
    private static Set<String> documented() throws IOException {
        return Files.readAllLines(Path.of("../../docs/spring.md")).stream()
                .filter(line -> line.startsWith("| `lockstep.client."))
                .map(line -> line.split("`")[1])
                .collect(Collectors.toSet());
    }

    private Set<String> bound() {
        return registry.getMeters().stream()
                .map(meter -> meter.getId().getName())
                .collect(Collectors.toSet());
    }

    @Test
    void eachCountHasItsMeterAndEachMeterIsDocumented() throws IOException {
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
            assertThat(documented()).isEqualTo(bound());

            staleness = Optional.empty();
            assertThat(gauge.value(TimeUnit.SECONDS)).isNaN();
            SimpleMeterRegistry ofAClient = new SimpleMeterRegistry();
            new ClientMetrics(manager, List.of()).bindTo(ofAClient);
            assertThat(ofAClient.find("lockstep.client.staleness").meter()).isNull();
        }
    }
}
