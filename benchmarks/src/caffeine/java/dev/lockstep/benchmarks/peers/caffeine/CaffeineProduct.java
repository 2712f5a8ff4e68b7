package dev.lockstep.benchmarks.peers.caffeine;

import com.github.benmanes.caffeine.jcache.spi.CaffeineCachingProvider;
import dev.lockstep.benchmarks.peers.Place;
import dev.lockstep.benchmarks.peers.Product;
import dev.lockstep.benchmarks.peers.Role;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;

/** Caffeine's JCache, by value, as the specification has it unless told otherwise. */
public final class CaffeineProduct implements Product {

    @Override
    public Caches start(Role role, Place place) {
        CacheManager manager = Caching.getCachingProvider(CaffeineCachingProvider.class.getName())
                .getCacheManager();
        return name -> manager.createCache(
                name, new MutableConfiguration<String, String>().setTypes(String.class, String.class));
    }
}
