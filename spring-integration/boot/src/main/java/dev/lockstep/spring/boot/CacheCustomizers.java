package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import java.util.Properties;
import javax.cache.CacheManager;

/** The application's customizers of caches, whose types are elsewhere in each line of Boot. Used once, while the context starts. */
public interface CacheCustomizers {

    /** Of the properties of the CacheManager that is about to be opened. */
    void customize(Properties properties);

    /** Of the CacheManager of JSR-107; may create caches. */
    void customize(CacheManager cacheManager);

    /** Of Spring's. */
    void customize(LockstepCacheManager cacheManager);
}
