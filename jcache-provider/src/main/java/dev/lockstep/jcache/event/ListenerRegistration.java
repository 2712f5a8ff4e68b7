package dev.lockstep.jcache.event;

import dev.lockstep.protocol.link.PositionVector;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.Factory;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryEventFilter;
import javax.cache.event.CacheEntryExpiredListener;
import javax.cache.event.CacheEntryListener;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryRemovedListener;
import javax.cache.event.CacheEntryUpdatedListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One listener with its filter, made by their factories. Told by one thread at a time. */
public final class ListenerRegistration<K, V> {

    private static final Logger LOG = LoggerFactory.getLogger(ListenerRegistration.class);

    private final CacheEntryListenerConfiguration<K, V> configuration;
    private final CacheEntryListener<? super K, ? super V> listener;
    private final @Nullable CacheEntryEventFilter<? super K, ? super V> filter;
    private volatile @Nullable PositionVector since;
    private final AtomicBoolean closed = new AtomicBoolean();

    public ListenerRegistration(CacheEntryListenerConfiguration<K, V> configuration) {
        this.configuration = configuration;
        Factory<CacheEntryEventFilter<? super K, ? super V>> factory = configuration.getCacheEntryEventFilterFactory();
        this.filter = factory == null ? null : factory.create();
        boolean complete = false;
        try {
            this.listener = configuration.getCacheEntryListenerFactory().create();
            complete = true;
        } finally {
            if (!complete) {
                close(filter);
            }
        }
    }

    CacheEntryListenerConfiguration<K, V> configuration() {
        return configuration;
    }

    boolean isSynchronous() {
        return configuration.isSynchronous();
    }

    /** Skips whatever is not later than a moment. */
    void from(PositionVector moment) {
        since = moment;
    }

    /** Tells whether a change came after the listener was registered. */
    boolean hears(int shard, long version) {
        PositionVector registered = since;
        return registered != null && registered.isBefore(shard, version);
    }

    boolean wantsOld() {
        return configuration.isOldValueRequired();
    }

    /** @throws CacheEntryListenerException when the listener or its filter fails */
    void tell(CacheEntryEvent<K, V> event) {
        try {
            if (wants(event) && (filter == null || filter.evaluate(event))) {
                call(event);
            }
        } catch (CacheEntryListenerException known) {
            throw known;
        } catch (Throwable failure) {
            throw new CacheEntryListenerException("A listener failed: " + failure, failure);
        }
    }

    private boolean wants(CacheEntryEvent<K, V> event) {
        return switch (event.getEventType()) {
            case CREATED -> listener instanceof CacheEntryCreatedListener;
            case UPDATED -> listener instanceof CacheEntryUpdatedListener;
            case REMOVED -> listener instanceof CacheEntryRemovedListener;
            case EXPIRED -> listener instanceof CacheEntryExpiredListener;
        };
    }

    @SuppressWarnings("unchecked")
    private void call(CacheEntryEvent<K, V> event) {
        List<CacheEntryEvent<? extends K, ? extends V>> one = List.of(event);
        switch (event.getEventType()) {
            case CREATED -> ((CacheEntryCreatedListener<K, V>) listener).onCreated(one);
            case UPDATED -> ((CacheEntryUpdatedListener<K, V>) listener).onUpdated(one);
            case REMOVED -> ((CacheEntryRemovedListener<K, V>) listener).onRemoved(one);
            case EXPIRED -> ((CacheEntryExpiredListener<K, V>) listener).onExpired(one);
        }
    }

    /** Idempotent. */
    public void close() {
        if (!closed.getAndSet(true)) {
            close(listener);
            close(filter);
        }
    }

    private static void close(@Nullable Object part) {
        if (part instanceof Closeable closeable) {
            try {
                closeable.close();
            } catch (IOException failure) {
                LOG.warn("A listener could not be closed", failure);
            }
        }
    }
}
