package dev.lockstep.spring.boot3;

import dev.lockstep.spring.LockstepCache;
import dev.lockstep.spring.boot.LockstepCacheMetrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.actuate.metrics.cache.JCacheCacheMeterBinderProvider;
import org.springframework.cache.jcache.JCacheCache;

/** In the place of Boot's, which reads caches of JCache by JMX, and does so for those of other providers still. */
final class LockstepMeterBinderProvider extends JCacheCacheMeterBinderProvider {

    @Override
    public MeterBinder getMeterBinder(JCacheCache cache, Iterable<Tag> tags) {
        return cache instanceof LockstepCache lockstep
                ? LockstepCacheMetrics.once(lockstep, tags)
                : super.getMeterBinder(cache, tags);
    }
}
