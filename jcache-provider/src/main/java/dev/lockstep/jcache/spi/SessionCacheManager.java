package dev.lockstep.jcache.spi;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.jcache.cache.ApplicationCode;
import dev.lockstep.jcache.cache.FutureResults;
import dev.lockstep.jcache.cache.ManagerContext;
import dev.lockstep.jcache.cache.SessionCache;
import dev.lockstep.jcache.expiry.RulePolicy;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.jcache.marshalling.References;
import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.AttachedCache;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.ExpiryRule;
import java.net.URI;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CacheManager over a session of its own, and the caches that were opened through it. Thread-safe. The manager's own lock guards the table of
 * caches, and is never held while the cluster is waited for; {@code opening} is held while a cache is opened, so that there is one of each name.
 */
final class SessionCacheManager implements LockstepCacheManager {

    private static final Logger LOG = LoggerFactory.getLogger(SessionCacheManager.class);

    private final LockstepCachingProvider provider;
    private final URI uri;
    private final ClassLoader loader;
    private final Properties properties;
    private final EventLoop loop;
    private final @Nullable EmbeddedNode node;
    private final NettyLinks links;
    private final Settings settings;
    private final Map<String, CacheSettings> templates;
    private final Session session;
    private final ManagerContext context;
    private final Map<String, SessionCache<?, ?>> caches = new HashMap<>();
    private final ReentrantLock opening = new ReentrantLock();
    private volatile boolean closed;

    /** @param templates of this manager alone; they take precedence over those of a client's settings */
    SessionCacheManager(
            LockstepCachingProvider provider,
            URI uri,
            ClassLoader loader,
            Properties properties,
            Settings settings,
            Map<String, CacheSettings> templates) {
        this.templates = templates;
        this.provider = provider;
        this.uri = uri;
        this.loader = loader;
        this.properties = properties;
        this.settings = settings;
        boolean client = !settings.client().servers().isEmpty();
        this.node = client ? null : EmbeddedNodes.acquire(settings);
        this.loop = EventLoop.threaded("lockstep-session");
        this.links = new NettyLinks(
                settings.cluster(),
                null,
                settings.client().connectTimeout(),
                settings.limits().maxInFlight());
        SessionFactory sessions =
                new SessionFactory(links, settings.client().timeout(), Time.system(), loop, Entropy.system());
        this.session = opened(sessions);
        this.context = new ManagerContext(this, session, this::forget);
    }

    /** Opens the session; if it is refused, stops what was started for it. */
    private Session opened(SessionFactory sessions) {
        try {
            return node == null ? sessions.client(settings.client().servers()) : sessions.embedded(node);
        } catch (RequestFailedException refused) {
            stop();
            throw new CacheException("The CacheManager " + uri + " can't be opened: " + refused.getMessage(), refused);
        }
    }

    private void stop() {
        links.close();
        loop.close();
        if (node != null) {
            EmbeddedNodes.release(settings, node);
        }
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
        if (node == null) {
            return "client of " + String.join(", ", settings.client().servers()) + ", cluster " + settings.cluster();
        }
        return settings.node()
                .filter(own -> !settings.members().isEmpty())
                .map(own -> "node " + own.id() + " in this JVM, cluster " + settings.cluster())
                .orElse("node in memory");
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

    /** Does what can fail in this JVM before the cluster is asked. */
    @Override
    public <K, V> Cache<K, V> createCache(String name, Configuration<K, V> configuration, CacheSettings own) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        MutableConfiguration<K, V> copy = ownCopy(Objects.requireNonNull(configuration, "configuration"));
        refuseWhatIsImpossible(name, copy);
        opening.lock();
        try {
            SessionCache<?, ?> known = open(name);
            if (known != null && isCurrent(known, find(name))) {
                throw new CacheException("This CacheManager has a cache " + name + " already");
            }
            Marshaller marshaller = marshaller(name, copy);
            ApplicationCode<K, V> code = new ApplicationCode<>(name, copy);
            AttachedCache made = null;
            boolean opened = false;
            try {
                Template template = template(name);
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

    /** The settings that this JVM's templates give a cache, and where they are set. */
    private record Template(CacheSettings settings, String place) {}

    /** Finds the template of a cache among those given with the manager, then in a client's file. A node's file is read by the node. */
    private Template template(String name) {
        return matching(templates, name)
                .map(given -> new Template(given.getValue(), "lockstep.caches[" + given.getKey() + "]"))
                .or(() -> node != null
                        ? Optional.empty()
                        : matching(settings.caches(), name)
                                .map(given -> new Template(
                                        given.getValue(),
                                        settings.places().getOrDefault("caches." + given.getKey(), uri.toString()))))
                .orElse(new Template(CacheSettings.NOTHING, ""));
    }

    private static Optional<Map.Entry<String, CacheSettings>> matching(
            Map<String, CacheSettings> patterns, String name) {
        return patterns.entrySet().stream()
                .filter(pattern -> CacheDefinitions.matches(pattern.getKey(), name))
                .findFirst();
    }

    private Marshaller marshaller(String name, Configuration<?, ?> configuration) {
        Marshaller marshaller = Marshallers.of(properties, loader, name);
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
        throw new IllegalStateException("The CacheManager " + uri + " was closed meanwhile");
    }

    private synchronized void forget(SessionCache<?, ?> cache) {
        caches.remove(cache.getName(), cache);
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

    private static <K, V> MutableConfiguration<K, V> ownCopy(Configuration<K, V> configuration) {
        if (configuration instanceof CompleteConfiguration<K, V> complete) {
            return new MutableConfiguration<>(complete);
        }
        return new MutableConfiguration<K, V>()
                .setTypes(configuration.getKeyType(), configuration.getValueType())
                .setStoreByValue(configuration.isStoreByValue());
    }

    private void refuseWhatIsImpossible(String name, CompleteConfiguration<?, ?> configuration) {
        if (!configuration.isStoreByValue()
                && (node == null || !settings.members().isEmpty())) {
            throw new UnsupportedOperationException(
                    "Cache " + name
                            + " can't be stored by reference: only the single node in memory can, since others are not in this JVM");
        }
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

    /** Asks the cluster, also for a cache that is open here: it may have been destroyed meanwhile, and created anew. */
    @Override
    @SuppressWarnings("unchecked")
    public <K, V> @Nullable Cache<K, V> getCache(String name) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        SessionCache<?, ?> known = open(name);
        return (Cache<K, V>) (known != null && isCurrent(known) ? known : attached(name));
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
        configuration.setTypes(type(definition.keyType()), type(definition.valueType()));
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
    private Class<Object> type(String name) {
        try {
            return (Class<Object>) Class.forName(name, false, loader);
        } catch (ClassNotFoundException missing) {
            throw new CacheException(
                    "The cache has keys or values of class " + name + ", which is not on the class path", missing);
        }
    }

    @Override
    public Iterable<String> getCacheNames() {
        checkOpen();
        return FutureResults.result(session.caches(), session.timeout()).stream()
                .map(info -> info.definition().name())
                .toList();
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
        CacheInfo info = find(name);
        if (info != null) {
            FutureResults.result(session.destroyCache(info.id()), session.timeout());
        }
        SessionCache<?, ?> open = open(name);
        if (open != null) {
            open.close();
        }
    }

    @Override
    public boolean isOpen(String name) {
        return open(name) != null;
    }

    private synchronized @Nullable SessionCache<?, ?> open(String name) {
        return caches.get(name);
    }

    @Override
    public void enableManagement(String name, boolean enabled) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        SessionCache<?, ?> cache = open(name);
        if (cache != null) {
            cache.life().enableManagement(enabled);
        }
    }

    @Override
    public void enableStatistics(String name, boolean enabled) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        SessionCache<?, ?> cache = open(name);
        if (cache != null) {
            cache.life().enableStatistics(enabled);
        }
    }

    @Override
    public void close() {
        List<SessionCache<?, ?>> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = new ArrayList<>(caches.values());
        }
        provider.closed(this);
        open.forEach(SessionCache::close);
        session.close();
        stop();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    private void checkOpen() {
        if (closed) {
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
