package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import java.util.Map;
import java.util.TreeMap;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.management.CacheStatisticsMXBean;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/** Shows the application's caches; the size of one, which the cluster has to be asked for, only when that one is asked for. */
@Endpoint(id = "lockstep")
public class LockstepEndpoint {

    private final CacheManager jcache;
    private final LockstepCacheManager manager;

    public LockstepEndpoint(CacheManager jcache, LockstepCacheManager manager) {
        this.jcache = jcache;
        this.manager = manager;
    }

    /**
     * @param uri of the CacheManager
     * @param caches by name
     */
    public record View(String uri, Map<String, CacheView> caches) {}

    /**
     * The statistics of this application's calls on a cache.
     *
     * @param entries in the cluster, or null if it was not asked
     */
    public record CacheView(
            long hits,
            long misses,
            long puts,
            long removals,
            @Nullable Long entries) {}

    @ReadOperation
    public View caches() {
        Map<String, CacheView> caches = new TreeMap<>();
        for (String name : manager.getCacheNames()) {
            Cache<Object, Object> cache = jcache.getCache(name);
            if (cache != null) {
                caches.put(name, view(cache, null));
            }
        }
        return new View(jcache.getURI().toString(), caches);
    }

    /** One cache with its size; null, which HTTP calls not found, when the application has not asked for such a cache yet. */
    @ReadOperation
    public @Nullable CacheView cache(@Selector String name) {
        Cache<Object, Object> cache = manager.getCacheNames().contains(name) ? jcache.getCache(name) : null;
        return cache == null ? null : view(cache, size(cache));
    }

    private static long size(Cache<Object, Object> cache) {
        return cache.unwrap(dev.lockstep.jcache.LockstepCache.class).size();
    }

    private static CacheView view(Cache<Object, Object> cache, @Nullable Long entries) {
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        return new CacheView(
                statistics.getCacheHits(),
                statistics.getCacheMisses(),
                statistics.getCachePuts(),
                statistics.getCacheRemovals(),
                entries);
    }
}
