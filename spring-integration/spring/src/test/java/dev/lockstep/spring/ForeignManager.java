package dev.lockstep.spring;

import java.net.URI;
import java.util.List;
import java.util.Properties;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.configuration.Configuration;
import javax.cache.spi.CachingProvider;

/** A CacheManager that is not Lockstep's, and has no cache. */
final class ForeignManager implements CacheManager {

    @Override
    public CachingProvider getCachingProvider() {
        throw new UnsupportedOperationException();
    }

    @Override
    public URI getURI() {
        return URI.create("foreign:default");
    }

    @Override
    public ClassLoader getClassLoader() {
        return getClass().getClassLoader();
    }

    @Override
    public Properties getProperties() {
        return new Properties();
    }

    @Override
    public <K, V, C extends Configuration<K, V>> Cache<K, V> createCache(String name, C configuration) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <K, V> Cache<K, V> getCache(String name, Class<K> keyType, Class<V> valueType) {
        return null;
    }

    @Override
    public <K, V> Cache<K, V> getCache(String name) {
        return null;
    }

    @Override
    public Iterable<String> getCacheNames() {
        return List.of();
    }

    @Override
    public void destroyCache(String name) {}

    @Override
    public void enableManagement(String name, boolean enabled) {}

    @Override
    public void enableStatistics(String name, boolean enabled) {}

    @Override
    public void close() {}

    @Override
    public boolean isClosed() {
        return false;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        throw new IllegalArgumentException("This is no " + type.getName());
    }
}
