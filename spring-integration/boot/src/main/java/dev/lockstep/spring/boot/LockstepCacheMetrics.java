package dev.lockstep.spring.boot;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.spring.LockstepCache;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.cache.CacheMeterBinder;
import javax.cache.management.CacheStatisticsMXBean;
import org.jspecify.annotations.Nullable;

/**
 * A cache's statistics as meters, read without JMX. They count this application's calls. The size is the cluster's, which is asked for it
 * in the background.
 */
public final class LockstepCacheMetrics extends CacheMeterBinder<LockstepCache> {

    private static final String REMOVALS = "cache.removals";

    private final CacheStatisticsMXBean statistics;
    private final CacheSize size;

    /** Binds them where they are not yet: a cache may be told of twice, by Boot and by its manager. */
    public static MeterBinder once(LockstepCache cache, Iterable<Tag> tags) {
        return registry -> {
            LockstepCacheMetrics metrics = new LockstepCacheMetrics(cache, tags);
            if (registry.find(REMOVALS).tags(metrics.getTagsWithCacheName()).meter() == null) {
                metrics.bindTo(registry);
            }
        };
    }

    private LockstepCacheMetrics(LockstepCache cache, Iterable<Tag> tags) {
        super(cache, cache.getName(), tags);
        this.statistics = cache.getNativeCache().unwrap(CacheStatisticsMXBean.class);
        dev.lockstep.jcache.LockstepCache<?, ?> lockstep =
                cache.getNativeCache().unwrap(dev.lockstep.jcache.LockstepCache.class);
        this.size = new CacheSize(lockstep.async()::size, Time.system());
    }

    /** Not a number while it is unknown, which the superclass has no way to say. */
    @Override
    protected @Nullable Long size() {
        return null;
    }

    @Override
    protected long hitCount() {
        return statistics.getCacheHits();
    }

    @Override
    protected Long missCount() {
        return statistics.getCacheMisses();
    }

    /** Evictions are decided in the cluster, not by a call of this client. */
    @Override
    protected @Nullable Long evictionCount() {
        return null;
    }

    @Override
    protected long putCount() {
        return statistics.getCachePuts();
    }

    @Override
    protected void bindImplementationSpecificMetrics(MeterRegistry registry) {
        FunctionCounter.builder(REMOVALS, statistics, CacheStatisticsMXBean::getCacheRemovals)
                .tags(getTagsWithCacheName())
                .description("The number of entries removed by this application")
                .register(registry);
        Gauge.builder("cache.size", size, CacheSize::value)
                .tags(getTagsWithCacheName())
                .description("The number of entries of the cache in the cluster")
                .strongReference(true)
                .register(registry);
    }
}
