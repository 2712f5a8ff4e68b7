package dev.lockstep.spring.boot3;

import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.CacheCustomizers;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheManager;
import org.springframework.boot.autoconfigure.cache.CacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.CacheManagerCustomizers;
import org.springframework.boot.autoconfigure.cache.JCacheManagerCustomizer;
import org.springframework.boot.autoconfigure.cache.JCachePropertiesCustomizer;

/** Customizers of Boot's own types. */
record BootCacheCustomizers(
        List<JCachePropertiesCustomizer> ofProperties,
        List<JCacheManagerCustomizer> ofJcache,
        List<CacheManagerCustomizer<?>> ofSprings)
        implements CacheCustomizers {

    @Override
    public void customize(Properties properties) {
        ofProperties.forEach(customizer -> customizer.customize(properties));
    }

    @Override
    public void customize(CacheManager cacheManager) {
        ofJcache.forEach(customizer -> customizer.customize(cacheManager));
    }

    @Override
    public void customize(LockstepCacheManager cacheManager) {
        new CacheManagerCustomizers(ofSprings).customize(cacheManager);
    }
}
