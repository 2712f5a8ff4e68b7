package dev.lockstep.spring.boot3;

import dev.lockstep.spring.boot.CacheCustomizers;
import dev.lockstep.spring.boot.LockstepCacheConfiguration;
import dev.lockstep.spring.boot.OnLockstepCondition;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.metrics.cache.JCacheCacheMeterBinderProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.cache.CacheAutoConfiguration;
import org.springframework.boot.autoconfigure.cache.CacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.JCacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.JCachePropertiesCustomizer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
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
