package dev.lockstep.compatibility;

import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;

/** The topologies in which tests run. */
enum Topology {
    /** In this JVM alone, as without any configuration. */
    EMBEDDED {
        @Override
        URI uri() {
            return provider().getDefaultURI();
        }
    },
    /** On three node processes, of which this JVM is a client. */
    CLIENT {
        @Override
        URI uri() {
            return ThreeNodes.uri();
        }
    };

    private static final AtomicInteger NAMES = new AtomicInteger();

    abstract URI uri();

    static CachingProvider provider() {
        return Caching.getCachingProvider();
    }

    /** The same for all callers. */
    CacheManager manager() {
        return provider().getCacheManager(uri(), null);
    }

    /** A name that no other cache has. */
    static String unused(String what) {
        return what + "-" + NAMES.incrementAndGet();
    }

    /** A new cache with statistics. */
    <K, V> Cache<K, V> cache(Class<K> keys, Class<V> values) {
        return manager()
                .createCache(
                        unused("cache"),
                        new MutableConfiguration<K, V>().setTypes(keys, values).setStatisticsEnabled(true));
    }
}
