package dev.lockstep.jcache.event;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
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

/** One listener with its filter. Called by one thread at a time. */
final class Registration<K, V> {

    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);

    private final CacheEntryListenerConfiguration<K, V> configuration;
    private final CacheEntryListener<? super K, ? super V> listener;
    private final @Nullable CacheEntryEventFilter<? super K, ? super V> filter;

    Registration(CacheEntryListenerConfiguration<K, V> configuration) {
        this.configuration = configuration;
        this.listener = configuration.getCacheEntryListenerFactory().create();
        Factory<CacheEntryEventFilter<? super K, ? super V>> factory = configuration.getCacheEntryEventFilterFactory();
        this.filter = factory == null ? null : factory.create();
    }

    CacheEntryListenerConfiguration<K, V> configuration() {
        return configuration;
    }

    boolean isSynchronous() {
        return configuration.isSynchronous();
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

    void close() {
        for (Object part : new @Nullable Object[] {listener, filter}) {
            if (part instanceof Closeable closeable) {
                try {
                    closeable.close();
                } catch (IOException failure) {
                    LOG.warn("A listener could not be closed", failure);
                }
            }
        }
    }
}
