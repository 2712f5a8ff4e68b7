package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.protocol.wire.CacheSettings;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import javax.cache.Cache;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * The CacheManagers of this JVM's session factories: those with the same URI share one, so that they also see each
 * other's changes where it is a node in memory. The application's own are others. Thread-safe; the lock guards which
 * factories use which manager.
 */
final class Managers {

    private static final LockstepCachingProvider PROVIDER = new LockstepCachingProvider();
    private static final Map<URI, Integer> USERS = new HashMap<>();

    private Managers() {}

    /** A manager that is to be given back by {@link #release}. */
    static synchronized LockstepCacheManager acquire(@Nullable URI uri) {
        LockstepCacheManager manager = (LockstepCacheManager) PROVIDER.getCacheManager(uri, null);
        USERS.merge(manager.getURI(), 1, Integer::sum);
        return manager;
    }

    /** A cache that the manager has already, of another session factory, or a new one. */
    static synchronized <K, V> Cache<K, V> cache(
            LockstepCacheManager manager,
            String name,
            MutableConfiguration<K, V> configuration,
            CacheSettings settings) {
        Cache<K, V> known = manager.isOpen(name)
                ? manager.getCache(name, configuration.getKeyType(), configuration.getValueType())
                : null;
        return known == null ? manager.createCache(name, configuration, settings) : known;
    }

    static synchronized void release(LockstepCacheManager manager) {
        if (USERS.merge(manager.getURI(), -1, Integer::sum) == 0) {
            USERS.remove(manager.getURI());
            manager.close();
        }
    }
}
