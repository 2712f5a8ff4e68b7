package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ReplicaStatus.State;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import javax.cache.CacheManager;
import javax.cache.Caching;
import org.junit.jupiter.api.Test;

class ReplicaMetricsTest {

    @Test
    void thereIsNoNumberWhereNoNodeAnswers() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (CacheManager manager = Caching.getCachingProvider()
                        .getCacheManager(
                                URI.create("lockstep:local"),
                                new ClassLoader(getClass().getClassLoader()) {});
                ClusterProbe probe = new ClusterProbe(manager, Duration.ofSeconds(30))) {
            new ReplicaMetrics(probe).bindTo(registry);
            assertThat(registry.get("lockstep.replicas.degraded").gauge().value())
                    .isZero();
            manager.close();
            assertThat(registry.get("lockstep.replicas.degraded").gauge().value())
                    .isNaN();
        }
    }

    @Test
    void allButWholeOnesCount() {
        assertThat(ReplicaMetrics.isDegraded(State.INTACT)).isFalse();
        assertThat(State.values()).filteredOn(ReplicaMetrics::isDegraded).hasSize(State.values().length - 1);
    }
}
