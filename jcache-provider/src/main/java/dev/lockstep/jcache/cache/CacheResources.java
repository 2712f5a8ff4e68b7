package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.ListenerRegistration;
import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Beans;
import dev.lockstep.jcache.management.ConfigurationBean;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.protocol.runtime.EventLoop;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * The resources of a cache from its opening to its closing: the application's loader, writer, policy and listeners, its
 * configuration, beans and operations in flight. Thread-safe; the lock guards the configuration and the beans.
 */
public final class CacheResources<K, V> {

    private final CacheManager manager;
    private final String name;
    private final MutableConfiguration<K, V> configuration;
    private final Listeners<K, V> listeners;
    private final ApplicationCode<K, V> code;
    private final Statistics statistics = new Statistics();
    private final Beans beans;
    private final Runnable onClose;
    private final AsyncOperations background;
    private volatile boolean destroyed;
    private volatile boolean closed;

    CacheResources(
            CacheManager manager,
            MutableConfiguration<K, V> configuration,
            Listeners<K, V> listeners,
            AsyncOperations background,
            ApplicationCode<K, V> code,
            String name,
            Runnable onClose) {
        this.manager = manager;
        this.name = name;
        this.configuration = configuration;
        this.listeners = listeners;
        this.code = code;
        this.onClose = onClose;
        this.background = background;
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
        code.listeners().forEach(listeners::register);
    }

    CacheManager manager() {
        return manager;
    }

    String name() {
        return name;
    }

    @Nullable
    ReadThrough<K, V> loader() {
        return code.loader();
    }

    @Nullable
    WriteThrough<K, V> writer() {
        return code.writer();
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
        listeners.refuseTwice(listener);
        ListenerRegistration<K, V> registration = new ListenerRegistration<>(listener);
        try {
            listeners.register(registration);
        } catch (RuntimeException refused) {
            registration.close();
            throw refused;
        }
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

    AsyncOperations background() {
        return background;
    }

    boolean isClosed() {
        return closed;
    }

    /** Tells whether it is closed because the cache was destroyed in the cluster. */
    boolean isDestroyed() {
        return destroyed;
    }

    /** Closes the cache, and whatever the application gave it, before it returns. Idempotent. */
    void close() {
        if (begins(false)) {
            release();
        }
    }

    /**
     * The cluster has the cache no more: from now on it is closed. Returns at once, since it is a thread of the session that hears of it;
     * what the application gave is closed by another one.
     */
    public void destroyed() {
        if (begins(true)) {
            EventLoop closing = EventLoop.threaded("lockstep-closing");
            closing.execute(() -> {
                release();
                closing.close();
            });
        }
    }

    /** Marks it as closing, and tells whether this call was the first. */
    private boolean begins(boolean becauseDestroyed) {
        synchronized (this) {
            if (closed) {
                return false;
            }
            destroyed = becauseDestroyed;
            closed = true;
        }
        onClose.run();
        beans.statistics(false);
        beans.management(false);
        return true;
    }

    private void release() {
        background.close(destroyed);
        listeners.close();
        code.close();
    }
}
