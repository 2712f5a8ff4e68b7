package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Beans;
import dev.lockstep.jcache.management.ConfigurationBean;
import dev.lockstep.jcache.management.Statistics;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.Factory;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheWriter;
import org.jspecify.annotations.Nullable;

/**
 * What a cache holds from when it is opened until it is closed: the application's loader, writer, policy and listeners, its
 * configuration, beans and background threads. Thread-safe; the lock guards the configuration and the beans.
 */
public final class Lifecycle<K, V> {

    private final CacheManager manager;
    private final String name;
    private final MutableConfiguration<K, V> configuration;
    private final Listeners<K, V> listeners;
    private final Expiry expiry;
    private final @Nullable ReadThrough<K, V> loader;
    private final @Nullable WriteThrough<K, V> writer;
    private final Statistics statistics = new Statistics();
    private final Beans beans;
    private final Runnable onClose;
    private final Background background;
    private volatile boolean closed;

    Lifecycle(
            CacheManager manager,
            String name,
            MutableConfiguration<K, V> configuration,
            Listeners<K, V> listeners,
            Expiry expiry,
            Runnable onClose) {
        this.manager = manager;
        this.name = name;
        this.configuration = configuration;
        this.listeners = listeners;
        this.expiry = expiry;
        this.onClose = onClose;
        this.background = new Background(name);
        Factory<CacheLoader<K, V>> loaders = configuration.getCacheLoaderFactory();
        this.loader = loaders == null ? null : new ReadThrough<>(loaders.create(), configuration.isReadThrough());
        Factory<CacheWriter<? super K, ? super V>> writers = configuration.getCacheWriterFactory();
        this.writer = writers == null || !configuration.isWriteThrough() ? null : new WriteThrough<>(writers.create());
        this.beans =
                new Beans(manager.getURI().toString(), name, new ConfigurationBean(this::configuration), statistics);
    }

    /** Shows beans and registers listeners as the configuration says. */
    void start() {
        statistics.enabled(configuration.isStatisticsEnabled());
        if (configuration.isStatisticsEnabled()) {
            beans.statistics(true);
        }
        if (configuration.isManagementEnabled()) {
            beans.management(true);
        }
        configuration.getCacheEntryListenerConfigurations().forEach(listeners::register);
    }

    CacheManager manager() {
        return manager;
    }

    String name() {
        return name;
    }

    @Nullable
    ReadThrough<K, V> loader() {
        return loader;
    }

    @Nullable
    WriteThrough<K, V> writer() {
        return writer;
    }

    Statistics statistics() {
        return statistics;
    }

    /** A copy of what holds now. */
    synchronized MutableConfiguration<K, V> configuration() {
        return new MutableConfiguration<>(configuration);
    }

    public synchronized void enableStatistics(boolean enabled) {
        configuration.setStatisticsEnabled(enabled);
        statistics.enabled(enabled);
        beans.statistics(enabled);
    }

    public synchronized void enableManagement(boolean enabled) {
        configuration.setManagementEnabled(enabled);
        beans.management(enabled);
    }

    void register(CacheEntryListenerConfiguration<K, V> listener) {
        listeners.register(listener);
        synchronized (this) {
            configuration.addCacheEntryListenerConfiguration(listener);
        }
    }

    void deregister(CacheEntryListenerConfiguration<K, V> listener) {
        listeners.deregister(listener);
        synchronized (this) {
            configuration.removeCacheEntryListenerConfiguration(listener);
        }
    }

    Listeners<K, V> listeners() {
        return listeners;
    }

    Background background() {
        return background;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whatever the application gave is closed when this returns. Idempotent. */
    void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        onClose.run();
        beans.statistics(false);
        beans.management(false);
        background.close();
        listeners.close();
        if (loader != null) {
            loader.close();
        }
        if (writer != null) {
            writer.close();
        }
        expiry.close();
    }
}
