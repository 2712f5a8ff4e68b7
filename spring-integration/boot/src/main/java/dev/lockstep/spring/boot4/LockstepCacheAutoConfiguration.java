package dev.lockstep.spring.boot4;

import dev.lockstep.spring.boot.CacheCustomizers;
import dev.lockstep.spring.boot.LockstepCacheConfiguration;
import dev.lockstep.spring.boot.OnLockstepCondition;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration;
import org.springframework.boot.cache.autoconfigure.CacheManagerCustomizer;
import org.springframework.boot.cache.autoconfigure.JCacheManagerCustomizer;
import org.springframework.boot.cache.autoconfigure.JCachePropertiesCustomizer;
import org.springframework.boot.cache.metrics.JCacheCacheMeterBinderProvider;
import org.springframework.cache.CacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Lockstep's cache managers, unless the application has its own or has chosen another type of cache. */
@AutoConfiguration(before = CacheAutoConfiguration.class)
@ConditionalOnClass(CacheAutoConfiguration.class)
@Conditional(OnLockstepCondition.class)
@ConditionalOnMissingBean(
        value = {CacheManager.class, javax.cache.CacheManager.class},
        name = "cacheResolver")
@Import(LockstepCacheConfiguration.class)
public class LockstepCacheAutoConfiguration {

    @Bean
    CacheCustomizers lockstepCacheCustomizers(
            ObjectProvider<JCachePropertiesCustomizer> properties,
            ObjectProvider<JCacheManagerCustomizer> jcache,
            ObjectProvider<CacheManagerCustomizer<?>> managers) {
        return new BootCacheCustomizers(
                properties.orderedStream().toList(),
                jcache.orderedStream().toList(),
                managers.orderedStream().toList());
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({MeterBinder.class, JCacheCacheMeterBinderProvider.class})
    static class Meters {

        @Bean
        @ConditionalOnMissingBean(JCacheCacheMeterBinderProvider.class)
        LockstepMeterBinderProvider lockstepMeterBinderProvider() {
            return new LockstepMeterBinderProvider();
        }
    }
}
