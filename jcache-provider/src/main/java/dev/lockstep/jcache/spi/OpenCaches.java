package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.cache.ApplicationCode;
import dev.lockstep.jcache.cache.FutureResults;
import dev.lockstep.jcache.cache.ManagerContext;
import dev.lockstep.jcache.cache.SessionCache;
import dev.lockstep.jcache.expiry.RulePolicy;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.jcache.marshalling.References;
import dev.lockstep.jcache.spi.CacheTemplates.Template;
import dev.lockstep.protocol.session.AttachedCache;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open caches of one CacheManager: creates them in the cluster, or attaches to those that others created, so that there is
 * one of each name. Thread-safe: its own lock guards the table, and is never held while the cluster is waited for;
 * {@code opening} is held while a cache is opened.
 */
final class OpenCaches implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OpenCaches.class);

    private final CacheManager manager;
    private final ManagerConnection connection;
    private final Session session;
    private final CacheTemplates templates;
    private final ManagerContext context;
    private final Map<String, SessionCache<?, ?>> caches = new HashMap<>();
    private final ReentrantLock opening = new ReentrantLock();
    private boolean closed;

    OpenCaches(CacheManager manager, ManagerConnection connection, CacheTemplates templates) {
        this.manager = manager;
        this.connection = connection;
        this.session = connection.session();
        this.templates = templates;
        this.context = new ManagerContext(manager, session, this::forget);
    }

    // Creating

    /**
     * Creates a cache. Does what can fail in this JVM before the cluster is asked.
     *
     * @param own settings that take precedence over every template
     */
    <K, V> Cache<K, V> create(String name, Configuration<K, V> configuration, CacheSettings own) {
        MutableConfiguration<K, V> copy = ownCopy(configuration);
        refuseReferencesUnlessLocal(name, copy);
        opening.lock();
        try {
            SessionCache<?, ?> known = open(name);
            if (known != null && isCurrent(known, find(name))) {
                throw new CacheException("The CacheManager " + manager.getURI() + " has a cache " + name
                        + " already: use getCache, or destroyCache first");
            }
            Marshaller marshaller = marshaller(name, copy);
            ApplicationCode<K, V> code = new ApplicationCode<>(name, copy);
            AttachedCache made = null;
            boolean opened = false;
            try {
                Template template = templates.of(name);
                CacheProposal proposal =
                        CacheDefinitions.of(name, copy, code.policy(), own, template.settings(), template.place());
                made = FutureResults.result(session.createCache(proposal), session.timeout());
                Cache<K, V> cache = open(made.info(), copy, marshaller, code);
                opened = true;
                return cache;
            } finally {
                if (!opened) {
                    code.close();
                    unmake(made);
                }
            }
        } finally {
            opening.unlock();
        }
    }

    /** Destroys a cache that was created and could not be opened. */
    private void unmake(@Nullable AttachedCache made) {
        if (made == null || !made.isNew()) {
            return;
        }
        try {
            FutureResults.result(session.destroyCache(made.info().id()), session.timeout());
        } catch (CacheException silent) {
            LOG.warn(
                    "Cache {} was created, could not be opened, and stays in the cluster: {}",
                    made.info().definition().name(),
                    silent.getMessage());
        }
    }

    private static <K, V> MutableConfiguration<K, V> ownCopy(Configuration<K, V> configuration) {
        if (configuration instanceof CompleteConfiguration<K, V> complete) {
            return new MutableConfiguration<>(complete);
        }
        return new MutableConfiguration<K, V>()
                .setTypes(configuration.getKeyType(), configuration.getValueType())
                .setStoreByValue(configuration.isStoreByValue());
    }

    private void refuseReferencesUnlessLocal(String name, CompleteConfiguration<?, ?> configuration) {
        if (!configuration.isStoreByValue() && !connection.isLocal()) {
            throw new UnsupportedOperationException(
                    "Cache " + name
                            + " can't be stored by reference: only the single node in memory can, since others are not in this JVM");
        }
    }

    // Attaching

    /**
     * Finds a cache. Asks the cluster, also for one that is open here: it may have been destroyed meanwhile, and created again.
     * Null when there is none.
     */
    @Nullable
    SessionCache<?, ?> get(String name) {
        SessionCache<?, ?> known = open(name);
        return known != null && isCurrent(known) ? known : attached(name);
    }

    /** Asks the cluster whether an open cache still exists; if there is no answer, it stays open. */
    private boolean isCurrent(SessionCache<?, ?> known) {
        CacheInfo found;
        try {
            found = find(known.getName());
        } catch (LockstepCacheException silent) {
            LOG.debug(
                    "The cluster does not answer whether cache {} still exists; it stays open",
                    known.getName(),
                    silent);
            return true;
        }
        return isCurrent(known, found);
    }

    /**
     * Returns whether an open cache is still the one that the cluster has under its name; if not, it was destroyed, and is closed here.
     *
     * @param found under its name, after it was opened
     */
    private static boolean isCurrent(SessionCache<?, ?> known, @Nullable CacheInfo found) {
        boolean current = found != null && found.id() == known.id();
        if (!current) {
            known.life().destroyed();
        }
        return current;
    }

    /** Attaches to a cache that another client created, unless it was opened meanwhile; null when there is none. */
    private @Nullable SessionCache<?, ?> attached(String name) {
        opening.lock();
        try {
            SessionCache<?, ?> known = open(name);
            CacheInfo found = find(name);
            if (known != null && isCurrent(known, found)) {
                return known;
            }
            return found == null ? null : attach(found);
        } finally {
            opening.unlock();
        }
    }

    /** Opens a cache that another client created. */
    private SessionCache<?, ?> attach(CacheInfo info) {
        CacheDefinition definition = info.definition();
        if (!definition.expiryPolicy().isEmpty()) {
            throw new CacheException(
                    "Cache " + definition.name() + " has the expiry policy " + definition.expiryPolicy()
                            + ", which runs in each JVM that uses the cache: open it with createCache and a configuration that has this policy");
        }
        MutableConfiguration<Object, Object> configuration = new MutableConfiguration<>();
        configuration.setTypes(type(definition, definition.keyType()), type(definition, definition.valueType()));
        ExpiryRule rule = definition.expiry();
        configuration.setExpiryPolicyFactory(() -> new RulePolicy(rule));
        return open(
                info,
                configuration,
                marshaller(definition.name(), configuration),
                new ApplicationCode<>(definition.name(), configuration));
    }

    private @Nullable CacheInfo find(String name) {
        return FutureResults.result(session.caches(), session.timeout()).stream()
                .filter(info -> info.definition().name().equals(name))
                .findFirst()
                .orElse(null);
    }

    @SuppressWarnings("unchecked")
    private Class<Object> type(CacheDefinition cache, String name) {
        try {
            return (Class<Object>) Class.forName(name, false, manager.getClassLoader());
        } catch (ClassNotFoundException missing) {
            throw new CacheException(
                    "Cache " + cache.name() + " has keys or values of class " + name
                            + ", which is not on the class path",
                    missing);
        }
    }

    /** Destroys a cache in the cluster, and closes it here. */
    void destroy(String name) {
        CacheInfo info = find(name);
        if (info != null) {
            FutureResults.result(session.destroyCache(info.id()), session.timeout());
        }
        SessionCache<?, ?> open = open(name);
        if (open != null) {
            open.close();
        }
    }

    // Opening, and the table

    private Marshaller marshaller(String name, Configuration<?, ?> configuration) {
        Marshaller marshaller = Marshallers.of(manager.getProperties(), manager.getClassLoader(), name);
        marshaller.allow(configuration.getKeyType());
        marshaller.allow(configuration.getValueType());
        return marshaller;
    }

    private <K, V> SessionCache<K, V> open(
            CacheInfo info,
            MutableConfiguration<K, V> configuration,
            Marshaller marshaller,
            ApplicationCode<K, V> code) {
        SessionCache<K, V> cache = new SessionCache<>(
                context,
                configuration,
                info,
                marshaller,
                configuration.isStoreByValue() ? null : new References(),
                code);
        synchronized (this) {
            if (!closed) {
                caches.put(cache.getName(), cache);
                return cache;
            }
        }
        cache.close();
        throw new IllegalStateException("The CacheManager " + manager.getURI() + " was closed meanwhile");
    }

    private synchronized void forget(SessionCache<?, ?> cache) {
        caches.remove(cache.getName(), cache);
    }

    /** The open cache of this name; null if there is none. */
    @Nullable
    synchronized SessionCache<?, ?> open(String name) {
        return caches.get(name);
    }

    /** Closes all caches; none is opened any more. */
    @Override
    public void close() {
        List<SessionCache<?, ?>> open;
        synchronized (this) {
            closed = true;
            open = new ArrayList<>(caches.values());
        }
        open.forEach(SessionCache::close);
    }
}
