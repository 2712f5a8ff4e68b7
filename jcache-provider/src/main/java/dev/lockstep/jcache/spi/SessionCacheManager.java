package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.jcache.cache.FutureResults;
import dev.lockstep.jcache.cache.SessionCache;
import dev.lockstep.protocol.routing.RequestCounts;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.CacheSettings;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.cache.Cache;
import javax.cache.configuration.Configuration;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;

/**
 * A CacheManager of JSR-107 over a session of its own: checks arguments, and delegates to the caches that are open. Thread-safe.
 */
final class SessionCacheManager implements LockstepCacheManager {

    private final LockstepCachingProvider provider;
    private final URI uri;
    private final ClassLoader loader;
    private final Properties properties;
    private final ManagerConnection connection;
    private final Session session;
    private final OpenCaches caches;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param identity of a client
     * @param templates of this manager alone; they take precedence over those of a client's settings
     */
    SessionCacheManager(
            LockstepCachingProvider provider,
            URI uri,
            ClassLoader loader,
            Properties properties,
            Settings settings,
            ClientIdentity identity,
            Map<String, CacheSettings> templates) {
        this.provider = provider;
        this.uri = uri;
        this.loader = loader;
        this.properties = properties;
        this.connection = new ManagerConnection(uri, settings, identity);
        this.session = connection.session();
        this.caches = new OpenCaches(this, connection, new CacheTemplates(templates, connection.clientSettings(), uri));
    }

    @Override
    public CachingProvider getCachingProvider() {
        return provider;
    }

    @Override
    public URI getURI() {
        return uri;
    }

    @Override
    public String location() {
        return connection.location();
    }

    @Override
    public ClassLoader getClassLoader() {
        return loader;
    }

    @Override
    public Properties getProperties() {
        return properties;
    }

    @Override
    public <K, V, C extends Configuration<K, V>> Cache<K, V> createCache(String name, C configuration) {
        return createCache(name, configuration, CacheSettings.NOTHING);
    }

    @Override
    public <K, V> Cache<K, V> createCache(String name, Configuration<K, V> configuration, CacheSettings own) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        return caches.create(name, Objects.requireNonNull(configuration, "configuration"), own);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <K, V> @Nullable Cache<K, V> getCache(String name, Class<K> keyType, Class<V> valueType) {
        Objects.requireNonNull(keyType, "keyType");
        Objects.requireNonNull(valueType, "valueType");
        Cache<K, V> cache = getCache(name);
        if (cache != null) {
            Configuration<K, V> configuration = cache.getConfiguration(Configuration.class);
            checkType(name, "key", configuration.getKeyType(), keyType);
            checkType(name, "value", configuration.getValueType(), valueType);
        }
        return cache;
    }

    private static void checkType(String name, String what, Class<?> actual, Class<?> asked) {
        if (!actual.equals(asked)) {
            throw new ClassCastException(
                    "Cache " + name + " has " + what + "s of " + actual.getName() + ", not of " + asked.getName());
        }
    }

    /** Asks the cluster, also for a cache that is open here: it may have been destroyed meanwhile, and created again. */
    @Override
    @SuppressWarnings("unchecked")
    public <K, V> @Nullable Cache<K, V> getCache(String name) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        return (Cache<K, V>) caches.get(name);
    }

    @Override
    public Iterable<String> getCacheNames() {
        checkOpen();
        return FutureResults.result(session.caches(), session.timeout()).stream()
                .map(info -> info.definition().name())
                .toList();
    }

    @Override
    public ClientCounts counts() {
        RequestCounts requests = session.requests();
        return new ClientCounts(
                requests.successes(),
                requests.failures(),
                requests.retries(),
                connection.reconnects(),
                Duration.ofNanos(requests.nanos()));
    }

    @Override
    public Optional<Duration> staleness() {
        return session.staleness();
    }

    @Override
    public Map<ReplicaStatus.State, Long> replicas() {
        checkOpen();
        return FutureResults.result(session.replicas(), session.timeout()).values().stream()
                .flatMap(List::stream)
                .collect(Collectors.groupingBy(
                        ReplicaStatus::state, () -> new EnumMap<>(ReplicaStatus.State.class), Collectors.counting()));
    }

    @Override
    public void destroyCache(String name) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        caches.destroy(name);
    }

    @Override
    public boolean isOpen(String name) {
        return caches.open(name) != null;
    }

    @Override
    public void enableManagement(String name, boolean enabled) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        SessionCache<?, ?> cache = caches.open(name);
        if (cache != null) {
            cache.life().enableManagement(enabled);
        }
    }

    @Override
    public void enableStatistics(String name, boolean enabled) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        SessionCache<?, ?> cache = caches.open(name);
        if (cache != null) {
            cache.life().enableStatistics(enabled);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            provider.closed(this);
            caches.close();
            connection.close();
        }
    }

    @Override
    public boolean isClosed() {
        return closed.get();
    }

    private void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("The CacheManager " + uri + " is closed");
        }
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("Cannot unwrap LockstepCacheManager as " + type.getName());
    }
}
