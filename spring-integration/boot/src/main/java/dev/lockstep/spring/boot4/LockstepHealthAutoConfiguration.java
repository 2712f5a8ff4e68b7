package dev.lockstep.spring.boot4;

import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.ClusterProbe;
import dev.lockstep.spring.boot.ReplicaMetrics;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The health {@code lockstep}: whether the cluster answers. */
@AutoConfiguration(after = LockstepCacheAutoConfiguration.class)
@ConditionalOnClass({ConditionalOnEnabledHealthIndicator.class, HealthIndicator.class})
@ConditionalOnEnabledHealthIndicator("lockstep")
@ConditionalOnBean(LockstepCacheManager.class)
public class LockstepHealthAutoConfiguration {

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    @Bean
    ClusterProbe lockstepProbe(javax.cache.CacheManager manager) {
        return new ClusterProbe(manager, PATIENCE);
    }

    @Bean
    @ConditionalOnMissingBean(name = "lockstepHealthIndicator")
    HealthIndicator lockstepHealthIndicator(ClusterProbe probe) {
        return new LockstepHealthIndicator(probe);
    }

    /** The configuration of meters, with Micrometer only. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class Replicas {

        @Bean
        ReplicaMetrics lockstepReplicaMetrics(ClusterProbe probe) {
            return new ReplicaMetrics(probe);
        }
    }
}
