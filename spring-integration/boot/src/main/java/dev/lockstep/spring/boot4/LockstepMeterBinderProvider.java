package dev.lockstep.spring.boot4;

import dev.lockstep.spring.LockstepCache;
import dev.lockstep.spring.boot.LockstepCacheMetrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.cache.metrics.JCacheCacheMeterBinderProvider;
import org.springframework.cache.jcache.JCacheCache;

/**
 * The replacement of Boot's provider, which reads caches of JCache by JMX, and does so for those of other providers
 * still.
 */
final class LockstepMeterBinderProvider extends JCacheCacheMeterBinderProvider {

    @Override
    public MeterBinder getMeterBinder(JCacheCache cache, Iterable<Tag> tags) {
        return cache instanceof LockstepCache lockstep
                ? LockstepCacheMetrics.once(lockstep, tags)
                : super.getMeterBinder(cache, tags);
    }
}
