package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.cache.annotation.CachingConfigurer;
import org.springframework.cache.interceptor.CacheOperation;
import org.springframework.cache.interceptor.CacheOperationSource;
import org.springframework.cache.interceptor.SimpleCacheResolver;
import org.springframework.cache.jcache.interceptor.JCacheOperation;
import org.springframework.cache.jcache.interceptor.JCacheOperationSource;
import org.springframework.util.ReflectionUtils;

/**
 * Opens the caches that the application names by properties or annotations, when all its beans are there: one that has
 * another definition in the cluster then ends the start, instead of failing a caller's request.
 */
final class CachesAtStart implements SmartInitializingSingleton {

    private final LockstepCacheManager manager;
    private final LockstepProperties properties;
    private final ConfigurableListableBeanFactory beans;

    CachesAtStart(LockstepCacheManager manager, LockstepProperties properties, ConfigurableListableBeanFactory beans) {
        this.manager = manager;
        this.properties = properties;
        this.beans = beans;
    }

    @Override
    public void afterSingletonsInstantiated() {
        Set<String> names = new TreeSet<>();
        properties.caches().keySet().stream()
                .filter(pattern -> !pattern.contains("*"))
                .forEach(names::add);
        if (beans.getBeanProvider(CachingConfigurer.class).stream().allMatch(CachesAtStart::leavesCachesToUs)) {
            addAnnotated(names);
        }
        names.forEach(manager::getCache);
    }

    private static boolean leavesCachesToUs(CachingConfigurer configurer) {
        return configurer.cacheManager() == null && configurer.cacheResolver() == null;
    }

    private void addAnnotated(Set<String> names) {
        CacheOperationSource springs =
                beans.getBeanProvider(CacheOperationSource.class).getIfUnique();
        JCacheOperationSource jcaches =
                beans.getBeanProvider(JCacheOperationSource.class).getIfUnique();
        for (String bean : beans.getBeanDefinitionNames()) {
            Class<?> type =
                    ScopedProxyUtils.isScopedTarget(bean) ? null : AutoProxyUtils.determineTargetClass(beans, bean);
            if (type != null && springs != null && springs.isCandidateClass(type)) {
                ReflectionUtils.doWithMethods(
                        type, method -> addNames(springs.getCacheOperations(method, type), names));
            }
            if (type != null && jcaches != null && jcaches.isCandidateClass(type)) {
                ReflectionUtils.doWithMethods(type, method -> addName(jcaches.getCacheOperation(method, type), names));
            }
        }
    }

    /** Adds the names of the caches that the default manager resolves. */
    private static void addNames(@Nullable Collection<CacheOperation> operations, Set<String> names) {
        if (operations != null) {
            operations.stream()
                    .filter(operation -> operation.getCacheManager().isEmpty())
                    .filter(operation -> operation.getCacheResolver().isEmpty())
                    .map(CacheOperation::getCacheNames)
                    .forEach(names::addAll);
        }
    }

    private static void addName(@Nullable JCacheOperation<?> operation, Set<String> names) {
        if (operation != null && operation.getCacheResolver() instanceof SimpleCacheResolver) {
            names.add(operation.getCacheName());
        }
    }
}
