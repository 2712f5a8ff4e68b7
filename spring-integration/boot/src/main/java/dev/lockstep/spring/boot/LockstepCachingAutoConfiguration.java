package dev.lockstep.spring.boot;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.interceptor.CacheAspectSupport;

/**
 * Caching by annotations, which the starter switches on unless the application has done so or has a cache manager of its own. Before
 * it is known whether Lockstep or another type of cache holds: Boot makes a cache manager for another only if caching is on.
 */
@AutoConfiguration(
        beforeName = {
            "dev.lockstep.spring.boot3.LockstepCacheAutoConfiguration",
            "dev.lockstep.spring.boot4.LockstepCacheAutoConfiguration",
            "org.springframework.boot.autoconfigure.cache.CacheAutoConfiguration",
            "org.springframework.boot.cache.autoconfigure.CacheAutoConfiguration"
        })
@ConditionalOnMissingBean(
        value = {CacheManager.class, javax.cache.CacheManager.class, CacheAspectSupport.class},
        name = "cacheResolver")
@EnableCaching
public class LockstepCachingAutoConfiguration {}
