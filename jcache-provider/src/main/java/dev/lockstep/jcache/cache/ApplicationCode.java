package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.ListenerRegistration;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.expiry.ExpiryRules;
import dev.lockstep.jcache.expiry.PolicyExpiry;
import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.integration.WriteThrough;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.cache.CacheException;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Factory;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheWriter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application's objects that a configuration names: loader, writer, expiry policy and listeners, created by their factories before the
 * cluster is asked for the cache, so that a factory that fails leaves nothing behind. Thread-safe.
 */
public final class ApplicationCode<K, V> {

    private static final Logger LOG = LoggerFactory.getLogger(ApplicationCode.class);

    private final String cache;
    private final List<Runnable> made = new ArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ExpiryPolicy policy;
    private final Expiry expiry;
    private final @Nullable ReadThrough<K, V> loader;
    private final @Nullable WriteThrough<K, V> writer;
    private final List<ListenerRegistration<K, V>> listeners = new ArrayList<>();

    /**
     * Calls the factories.
     *
     * @throws CacheException when one fails; what others have created is closed
     */
    public ApplicationCode(String cache, CompleteConfiguration<K, V> configuration) {
        this.cache = cache;
        boolean complete = false;
        try {
            policy = made("expiry policy", configuration.getExpiryPolicyFactory());
            expiry = ExpiryRules.isStandard(policy) ? Expiry.BY_RULE : new PolicyExpiry(policy);
            made.add(expiry::close);
            Factory<CacheLoader<K, V>> loaders = configuration.getCacheLoaderFactory();
            loader = loaders == null ? null : new ReadThrough<>(made("loader", loaders), configuration.isReadThrough());
            if (loader != null) {
                made.add(loader::close);
            }
            Factory<CacheWriter<? super K, ? super V>> writers = configuration.getCacheWriterFactory();
            writer = writers == null || !configuration.isWriteThrough()
                    ? null
                    : new WriteThrough<K, V>(made("writer", writers));
            if (writer != null) {
                made.add(writer::close);
            }
            for (CacheEntryListenerConfiguration<K, V> each : configuration.getCacheEntryListenerConfigurations()) {
                ListenerRegistration<K, V> listener = made("listener", () -> new ListenerRegistration<>(each));
                listeners.add(listener);
                made.add(listener::close);
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private <T> T made(String what, Factory<T> factory) {
        try {
            return Objects.requireNonNull(factory.create(), "it returned null");
        } catch (RuntimeException failure) {
            throw new CacheException(
                    "Cache " + cache + " can't be created: the factory of its " + what + " failed: " + failure,
                    failure);
        }
    }

    /** Returns the policy that the configuration's factory created. */
    public ExpiryPolicy policy() {
        return policy;
    }

    Expiry expiry() {
        return expiry;
    }

    @Nullable
    ReadThrough<K, V> loader() {
        return loader;
    }

    @Nullable
    WriteThrough<K, V> writer() {
        return writer;
    }

    List<ListenerRegistration<K, V>> listeners() {
        return listeners;
    }

    /** Closes what can be closed, all of it even if some of that fails. Idempotent. */
    public void close() {
        if (!closed.getAndSet(true)) {
            made.forEach(this::closed);
        }
    }

    private void closed(Runnable close) {
        try {
            close.run();
        } catch (RuntimeException failure) {
            LOG.warn("Closing a listener, loader, writer or expiry policy of cache {} failed", cache, failure);
        }
    }
}
