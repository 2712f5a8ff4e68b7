package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.wire.CacheSettings;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.OptionalFeature;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;

/**
 * The provider that JSR-107's {@code Caching} finds: one manager for each URI and class loader, usable again after it was closed. Thread-safe;
 * the lock guards the table of managers, and is not held while one is opened, so that no caller waits for another's cluster.
 */
public final class LockstepCachingProvider implements CachingProvider {

    /** System property that names the URI of the CacheManager that is asked for without one. */
    public static final String DEFAULT_URI_PROPERTY = "lockstep.uri";

    private final Map<ClassLoader, Map<URI, CompletableFuture<SessionCacheManager>>> managers = new WeakHashMap<>();

    @Override
    public CacheManager getCacheManager(
            @Nullable URI uri, @Nullable ClassLoader loader, @Nullable Properties properties) {
        return getCacheManager(uri, loader, properties, ClientIdentity.OF_SETTINGS, Map.of());
    }

    /**
     * Opens a manager with templates of its own, which take precedence over those of its settings; they may add to
     * the cluster's. A manager that is open already keeps its templates and identity.
     *
     * @param identity of a client
     * @param templates by name pattern, in which {@code *} matches any characters; the first that matches a cache's
     *     name holds
     */
    public CacheManager getCacheManager(
            @Nullable URI uri,
            @Nullable ClassLoader loader,
            @Nullable Properties properties,
            ClientIdentity identity,
            Map<String, CacheSettings> templates) {
        URI actualUri = uri == null ? getDefaultURI() : uri;
        ClassLoader actualLoader = loader == null ? getDefaultClassLoader() : loader;
        CompletableFuture<SessionCacheManager> own = new CompletableFuture<>();
        CompletableFuture<SessionCacheManager> known = entered(actualLoader, actualUri, own);
        if (known != null) {
            return opened(known);
        }
        try {
            own.complete(open(actualUri, actualLoader, properties, identity, templates));
        } catch (SettingsException invalid) {
            own.completeExceptionally(new CacheException(invalid.getMessage(), invalid));
        } catch (RuntimeException | Error failure) {
            own.completeExceptionally(failure);
        } finally {
            if (own.isCompletedExceptionally()) {
                left(actualLoader, actualUri, own);
            }
        }
        return opened(own);
    }

    /** Waits until another caller has opened the manager, and fails as that caller does. */
    private static SessionCacheManager opened(CompletableFuture<SessionCacheManager> manager) {
        try {
            return manager.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failed.getCause();
        }
    }

    /** Returns the manager that is open or being opened; null if the caller has to open it, as {@code own}. */
    private synchronized @Nullable CompletableFuture<SessionCacheManager> entered(
            ClassLoader loader, URI uri, CompletableFuture<SessionCacheManager> own) {
        return managers.computeIfAbsent(loader, none -> new HashMap<>()).putIfAbsent(uri, own);
    }

    private synchronized void left(ClassLoader loader, URI uri, CompletableFuture<SessionCacheManager> manager) {
        Map<URI, CompletableFuture<SessionCacheManager>> ofLoader = managers.getOrDefault(loader, Map.of());
        if (ofLoader.get(uri) == manager) {
            ofLoader.remove(uri);
        }
    }

    private SessionCacheManager open(
            URI uri,
            ClassLoader loader,
            @Nullable Properties properties,
            ClientIdentity identity,
            Map<String, CacheSettings> templates) {
        Properties own = new Properties();
        if (properties != null) {
            own.putAll(properties);
        }
        KnownProperties.check(own, loader);
        return new SessionCacheManager(
                this, uri, loader, own, SettingsReader.fromUri(uri, loader), identity, new LinkedHashMap<>(templates));
    }

    @Override
    public ClassLoader getDefaultClassLoader() {
        return LockstepCachingProvider.class.getClassLoader();
    }

    @Override
    public URI getDefaultURI() {
        String configured = System.getProperty(DEFAULT_URI_PROPERTY);
        return configured == null ? SettingsReader.DEFAULT_URI : URI.create(configured);
    }

    @Override
    public Properties getDefaultProperties() {
        return new Properties();
    }

    @Override
    public CacheManager getCacheManager(@Nullable URI uri, @Nullable ClassLoader loader) {
        return getCacheManager(uri, loader, null);
    }

    @Override
    public CacheManager getCacheManager() {
        return getCacheManager(null, null, null);
    }

    @Override
    public void close() {
        open().forEach(SessionCacheManager::close);
    }

    @Override
    public void close(@Nullable ClassLoader loader) {
        ClassLoader actual = loader == null ? getDefaultClassLoader() : loader;
        open().stream()
                .filter(manager -> manager.getClassLoader().equals(actual))
                .forEach(SessionCacheManager::close);
    }

    @Override
    public void close(@Nullable URI uri, @Nullable ClassLoader loader) {
        URI actualUri = uri == null ? getDefaultURI() : uri;
        ClassLoader actual = loader == null ? getDefaultClassLoader() : loader;
        open().stream()
                .filter(manager -> manager.getClassLoader().equals(actual))
                .filter(manager -> manager.getURI().equals(actualUri))
                .forEach(SessionCacheManager::close);
    }

    private synchronized List<SessionCacheManager> open() {
        return managers.values().stream()
                .flatMap(ofLoader -> ofLoader.values().stream())
                .filter(manager -> manager.isDone() && !manager.isCompletedExceptionally())
                .map(CompletableFuture::join)
                .toList();
    }

    synchronized void closed(SessionCacheManager manager) {
        managers.getOrDefault(manager.getClassLoader(), Map.of())
                .values()
                .removeIf(known -> known.isDone() && !known.isCompletedExceptionally() && known.join() == manager);
    }

    /** Supports storing by reference only if the default CacheManager is a single node in this JVM. */
    @Override
    public boolean isSupported(OptionalFeature feature) {
        if (feature != OptionalFeature.STORE_BY_REFERENCE) {
            return false;
        }
        Settings settings = SettingsReader.fromUri(getDefaultURI(), getDefaultClassLoader());
        return settings.client().servers().isEmpty() && settings.members().isEmpty();
    }
}
