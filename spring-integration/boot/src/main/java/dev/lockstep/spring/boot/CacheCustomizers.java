package dev.lockstep.spring.boot;

import dev.lockstep.spring.LockstepCacheManager;
import java.util.Properties;
import javax.cache.CacheManager;

/** The application's customizers of caches, whose types are elsewhere in each line of Boot. Used once, while the context starts. */
public interface CacheCustomizers {

    /** Customizes the properties of the CacheManager that is about to be opened. */
    void customize(Properties properties);

    /** Customizes the CacheManager of JSR-107; may create caches. */
    void customize(CacheManager cacheManager);

    /** Customizes Spring's cache manager. */
    void customize(LockstepCacheManager cacheManager);
}
