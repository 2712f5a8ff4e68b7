package dev.lockstep.spring.boot4;

import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.ClientMetrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.cache.autoconfigure.metrics.CacheMetricsAutoConfiguration;
import org.springframework.boot.cache.metrics.CacheMetricsRegistrar;
import org.springframework.context.annotation.Bean;

/**
 * Meters of the cache managers' requests, and of caches that are created while the application runs; Boot itself binds only those that it
 * finds at the start.
 */
@AutoConfiguration(after = CacheMetricsAutoConfiguration.class)
@ConditionalOnClass({CacheMetricsRegistrar.class, Tag.class})
@ConditionalOnBean({LockstepCacheManager.class, CacheMetricsRegistrar.class})
public class LockstepMetricsAutoConfiguration {

    /** The suffix that Boot strips from the names of beans, unless nothing would be left. */
    private static final String SUFFIX = "cacheManager";

    @Bean
    SmartInitializingSingleton lockstepMeters(
            CacheMetricsRegistrar registrar, Map<String, LockstepCacheManager> managers) {
        return () -> managers.forEach(
                (bean, manager) -> manager.onCreation(cache -> registrar.bindCacheToRegistry(cache, tag(bean))));
    }

    @Bean
    MeterBinder lockstepClientMetrics(Map<String, LockstepCacheManager> managers) {
        return registry ->
                managers.forEach((bean, manager) -> new ClientMetrics(manager, List.of(tag(bean))).bindTo(registry));
    }

    private static Tag tag(String bean) {
        return Tag.of("cache.manager", name(bean));
    }

    private static String name(String bean) {
        int length = bean.length() - SUFFIX.length();
        return length > 0 && bean.regionMatches(true, length, SUFFIX, 0, SUFFIX.length())
                ? bean.substring(0, length)
                : bean;
    }
}
