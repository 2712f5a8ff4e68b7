package dev.lockstep.spring;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.jcache.marshalling.Marshallers;
import dev.lockstep.jcache.spi.ClientIdentity;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Status;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.cache.Cache;
import org.springframework.cache.interceptor.SimpleKey;
import org.springframework.cache.jcache.JCacheCacheManager;
import org.springframework.cache.support.NullValue;

/**
 * Spring's cache manager over a CacheManager of Lockstep, which it does not close. A cache that is asked for is created, unless the
 * names are fixed; in the cluster it may exist already, and then its definition must be the same. Thread-safe once it is
 * initialized; the lock guards the creation of caches.
 *
 * <p>Names are those that were asked for here, not all of the cluster's; nothing of the others is opened, or cleared by
 * {@link #resetCaches}.
 */
public class LockstepCacheManager extends JCacheCacheManager implements DisposableBean {

    private final dev.lockstep.jcache.LockstepCacheManager lockstep;
    private final List<Consumer<Cache>> observers = new CopyOnWriteArrayList<>();
    private final Object creation = new Object();
    private Configuration<?, ?> configuration =
            new MutableConfiguration<>().setTypes(Object.class, Object.class).setStatisticsEnabled(true);
    private @Nullable Collection<String> fixedNames;
    private @Nullable Outage outage;

    /**
     * @param cacheManager of Lockstep
     * @throws IllegalArgumentException when it is another provider's
     */
    public LockstepCacheManager(CacheManager cacheManager) {
        super(cacheManager);
        this.lockstep = cacheManager.unwrap(dev.lockstep.jcache.LockstepCacheManager.class);
    }

    /**
     * A CacheManager of JSR-107 for one application context: not shared with other users of the same URI in this JVM,
     * so that closing it closes only its own. Its caches can be read in every JVM that allows the same classes.
     *
     * @param uri null for the default, which is a single node in this JVM unless there is a {@code lockstep.yaml}
     * @param loader of the application's classes
     * @param allowed classes, and packages as {@code com.example.*}, that may be deserialised beside the JDK's values
     * @param properties further ones of the CacheManager
     * @param templates what a cache gets by its name, as in the settings' {@code caches}
     * @throws javax.cache.CacheException when the URI can't be used or the cluster does not answer
     */
    public static CacheManager open(
            @Nullable URI uri,
            ClassLoader loader,
            Collection<String> allowed,
            Properties properties,
            Map<String, CacheSettings> templates) {
        return open(uri, loader, allowed, properties, ClientIdentity.OF_SETTINGS, templates);
    }

    /**
     * Opens one as above.
     *
     * @param identity of a client
     */
    public static CacheManager open(
            @Nullable URI uri,
            ClassLoader loader,
            Collection<String> allowed,
            Properties properties,
            ClientIdentity identity,
            Map<String, CacheSettings> templates) {
        Properties own = new Properties();
        own.putAll(properties);
        // What Spring itself puts into caches: a JVM may read it that has never written it.
        own.setProperty(
                Marshallers.ALLOWED,
                Stream.concat(Stream.of(NullValue.class.getName(), SimpleKey.class.getName()), allowed.stream())
                        .collect(Collectors.joining(",")));
        return new LockstepCachingProvider().getCacheManager(uri, loader, own, identity, templates);
    }

    /**
     * The configuration that caches are created with; by default keys and values of any type, with statistics. Before
     * it is initialized.
     */
    public void setConfiguration(Configuration<?, ?> configuration) {
        this.configuration = configuration;
    }

    /**
     * The only caches that there are, beside those that were opened at the CacheManager itself; they are created at once. Before
     * it is initialized.
     */
    public void setCacheNames(Collection<String> names) {
        this.fixedNames = List.copyOf(names);
    }

    /**
     * Sets whether the application continues while the cluster can't be reached: reads are misses, and what could not
     * be put or removed is removed once the cluster answers. Otherwise, and by default, such calls fail. Before it is
     * initialized.
     */
    public void setMissOnError(boolean missOnError) {
        this.outage = missOnError ? new Outage(EventLoop.threaded("lockstep-owed-removals"), Time.system()) : null;
    }

    /** Says in a few words where the entries are: in this JVM, or in which cluster. */
    public String location() {
        return lockstep.location();
    }

    /** Counts the requests of the CacheManager to the cluster since it was opened. Costs no request. */
    public ClientCounts counts() {
        return lockstep.counts();
    }

    /** Says how long replicas in this JVM have been out of touch with their leaders; empty if there are none. Costs no request. */
    public Optional<Duration> staleness() {
        return lockstep.staleness();
    }

    /** Tells of each cache that there is, and of each that is created later, some perhaps twice; not to be held up. */
    public void onCreation(Consumer<Cache> observer) {
        observers.add(observer);
        getCacheNames().forEach(name -> {
            Cache cache = lookupCache(name);
            if (cache != null) {
                observer.accept(cache);
            }
        });
    }

    @Override
    protected Collection<Cache> loadCaches() {
        return fixedNames == null
                ? List.of()
                : fixedNames.stream().map(this::opened).toList();
    }

    @Override
    protected @Nullable Cache getMissingCache(String name) {
        return fixedNames == null || lockstep.isOpen(name) ? opened(name) : null;
    }

    private Cache opened(String name) {
        synchronized (creation) {
            javax.cache.Cache<Object, Object> open = lockstep.isOpen(name) ? lockstep.getCache(name) : null;
            javax.cache.Cache<Object, Object> cache = open == null ? created(name) : open;
            return outage == null
                    ? new LockstepCache(cache, isAllowNullValues())
                    : new TolerantCache(cache, isAllowNullValues(), outage);
        }
    }

    @SuppressWarnings("unchecked")
    private javax.cache.Cache<Object, Object> created(String name) {
        try {
            return lockstep.createCache(name, (Configuration<Object, Object>) configuration);
        } catch (CacheException refused) {
            throw refused.getCause() instanceof RequestFailedException cause
                            && cause.status() == Status.DEFINITION_DIFFERS
                    ? new CacheDefinitionException(name, cause)
                    : refused;
        }
    }

    /** Ends what {@link #setMissOnError} began. */
    @Override
    public void destroy() {
        if (outage != null) {
            outage.close();
        }
    }

    @Override
    protected Cache decorateCache(Cache cache) {
        observers.forEach(observer -> observer.accept(cache));
        return super.decorateCache(cache);
    }

    /** Clears the caches that were asked for here. */
    @Override
    public void resetCaches() {
        if (!lockstep.isClosed()) {
            getCacheNames().stream().map(this::lookupCache).forEach(cache -> {
                if (cache != null) {
                    cache.clear();
                }
            });
        }
    }
}
