package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.jcache.marshalling.StandardMarshaller;
import dev.lockstep.protocol.wire.CacheSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import javax.cache.configuration.Factory;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import org.hibernate.boot.registry.classloading.spi.ClassLoaderService;
import org.hibernate.boot.spi.SessionFactoryOptions;
import org.hibernate.cache.CacheException;
import org.hibernate.cache.cfg.spi.DomainDataRegionBuildingContext;
import org.hibernate.cache.cfg.spi.DomainDataRegionConfig;
import org.hibernate.cache.spi.CacheTransactionSynchronization;
import org.hibernate.cache.spi.DomainDataRegion;
import org.hibernate.cache.spi.QueryResultsRegion;
import org.hibernate.cache.spi.RegionFactory;
import org.hibernate.cache.spi.TimestampsRegion;
import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * Hibernate's second-level cache on Lockstep: {@code hibernate.cache.region.factory_class=lockstep}. Two JVMs never keep data that
 * is older than the database, because soft locks and what was loaded when are judged in the cluster, and by no clock. The properties
 * are described in {@code docs/hibernate.md}. Thread-safe once it is started.
 */
public final class LockstepRegionFactory implements RegionFactory {

    /** The short name for {@code hibernate.cache.region.factory_class}. */
    public static final String SHORT_NAME = "lockstep";

    private static final long serialVersionUID = 1;

    private static final String LOCKING = "lockstep.hibernate";

    /** Those of Hibernate's classes that entries consist of, and the component types of their arrays. */
    static final List<String> HIBERNATES = List.of(
            "java.io.Serializable",
            "org.hibernate.cache.internal.*",
            "org.hibernate.cache.spi.entry.*",
            "org.hibernate.bytecode.enhance.spi.*",
            "org.hibernate.type.*");

    /** The state of a started factory. */
    private record Started(
            LockstepSettings settings,
            String prefix,
            LockstepCacheManager manager,
            LockstepCache<String, String> locking,
            Leases leases,
            Locks locks,
            Stamps stamps,
            Reachability reachability,
            ClassLoader loader) {}

    /** Whatever the cluster's templates say. */
    private static final Factory<ExpiryPolicy> ETERNAL = CreatedExpiryPolicy.factoryOf(Duration.ETERNAL);

    private static final CacheSettings UNBOUNDED = new CacheSettings(
            OptionalLong.of(0),
            OptionalLong.of(0),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    private transient volatile @Nullable Started started;

    /** @throws CacheException when a property is wrong, or the cluster can't be reached */
    @Override
    public void start(SessionFactoryOptions options, Map<String, Object> properties) {
        LockstepSettings settings = LockstepSettings.from(properties);
        LockstepCacheManager manager = opened(settings);
        try {
            LockstepCache<String, String> locking = cache(manager, LOCKING, String.class, ETERNAL, UNBOUNDED);
            Leases leases = new Leases(locking, settings.lockLifetime());
            ClassLoader loader = options.getServiceRegistry()
                    .requireService(ClassLoaderService.class)
                    .workWithClassLoader(classes -> classes);
            String prefix = options.getCacheRegionPrefix();
            started = new Started(
                    settings,
                    prefix == null || prefix.isEmpty() ? "" : prefix + ".",
                    manager,
                    locking,
                    leases,
                    new Locks(locking, leases),
                    new Stamps(locking),
                    new Reachability(),
                    loader);
        } catch (RuntimeException failed) {
            Managers.release(manager);
            throw failed;
        }
    }

    private static LockstepCacheManager opened(LockstepSettings settings) {
        try {
            return Managers.acquire(settings.uri());
        } catch (javax.cache.CacheException refused) {
            throw new CacheException(
                    "The cache can't be opened: " + refused.getMessage() + ". " + LockstepSettings.URI_PROPERTY
                            + " names the CacheManager",
                    refused);
        }
    }

    /** Idempotent. */
    @Override
    public void stop() {
        Started running = started;
        started = null;
        if (running != null) {
            Managers.release(running.manager());
        }
    }

    private Started running() {
        Started running = started;
        if (running == null) {
            throw new IllegalStateException("The region factory is not started");
        }
        return running;
    }

    @Override
    public boolean isMinimalPutsEnabledByDefault() {
        return false;
    }

    @Override
    public AccessType getDefaultAccessType() {
        return AccessType.READ_WRITE;
    }

    @Override
    public String qualify(String regionName) {
        return running().prefix() + regionName;
    }

    @Override
    public CacheTransactionSynchronization createTransactionContext(SharedSessionContractImplementor session) {
        Started running = running();
        return new SessionScope(running.locking().versioned(), running.stamps());
    }

    /** A lower bound for what begins now; what ends gets its own stamp where it is noted. */
    @Override
    public long nextTimestamp() {
        return running().stamps().begun();
    }

    /** Marks the stamps of writes that have not ended. */
    @Override
    public long getTimeout() {
        return TimestampRegion.NOT_ENDED;
    }

    @Override
    public DomainDataRegion buildDomainDataRegion(
            DomainDataRegionConfig config, DomainDataRegionBuildingContext context) {
        Started running = running();
        String name = qualify(config.getRegionName());
        List<String> packages = new ArrayList<>();
        config.getEntityCaching()
                .forEach(entity -> packageOf(packages, entity.getNavigableRole().getFullPath()));
        Codec codec = codec(running, name, packages);
        boolean mayChange = config.getEntityCaching().stream().anyMatch(data -> isReadWrite(data.getAccessType()))
                || config.getCollectionCaching().stream().anyMatch(data -> isReadWrite(data.getAccessType()))
                || config.getNaturalIdCaching().stream().anyMatch(data -> isReadWrite(data.getAccessType()));
        boolean strong = running.settings()
                .region(config.getRegionName())
                .consistency()
                .map(consistency -> consistency == LockstepSettings.Consistency.STRONG)
                .orElse(mayChange);
        RegionStore store = new RegionStore(
                name,
                codec,
                new Values(region(running, config.getRegionName()), codec),
                strong,
                running.locks(),
                running.reachability(),
                running.settings().failOpen());
        return new DomainRegion(config, this, context, store);
    }

    private static boolean isReadWrite(AccessType type) {
        return type == AccessType.READ_WRITE;
    }

    private static void packageOf(List<String> packages, String entity) {
        int end = entity.lastIndexOf('.');
        if (end > 0) {
            packages.add(entity.substring(0, end) + ".*");
        }
    }

    @Override
    public QueryResultsRegion buildQueryResultsRegion(String regionName, SessionFactoryImplementor factory) {
        Started running = running();
        Codec codec = codec(running, qualify(regionName), List.of());
        return new QueryRegion(
                regionName, this, new Values(region(running, regionName), codec), codec, running.reachability());
    }

    /** Has no bound and no lifetime, whatever the settings say: what is forgotten would make old results look new. */
    @Override
    public TimestampsRegion buildTimestampsRegion(String regionName, SessionFactoryImplementor factory) {
        Started running = running();
        return new TimestampRegion(
                regionName,
                this,
                cache(running.manager(), qualify(regionName), String.class, ETERNAL, UNBOUNDED),
                running.stamps(),
                running.leases(),
                running.reachability(),
                running.settings().failOpen());
    }

    private static Codec codec(Started running, String region, List<String> packages) {
        List<String> allowed = new ArrayList<>(HIBERNATES);
        allowed.addAll(running.settings().allowed());
        allowed.addAll(packages);
        return new Codec(new StandardMarshaller(region, running.loader(), LockstepSettings.ALLOWED, allowed));
    }

    /** The region's cache, as the properties define it, and the CacheManager's settings where they say nothing. */
    private LockstepCache<String, byte[]> region(Started running, String regionName) {
        String name = qualify(regionName);
        LockstepSettings.RegionSettings own = running.settings().region(regionName);
        return cache(
                running.manager(),
                name,
                byte[].class,
                EternalExpiryPolicy.factoryOf(),
                new CacheSettings(
                        own.maxEntries().map(OptionalLong::of).orElse(OptionalLong.empty()),
                        own.maxBytes().map(OptionalLong::of).orElse(OptionalLong.empty()),
                        Optional.empty(),
                        Optional.empty(),
                        own.timeToLive(),
                        Optional.empty()));
    }

    private static <V> LockstepCache<String, V> cache(
            LockstepCacheManager manager,
            String name,
            Class<V> type,
            Factory<? extends ExpiryPolicy> expiry,
            CacheSettings settings) {
        MutableConfiguration<String, V> configuration = new MutableConfiguration<String, V>()
                .setTypes(String.class, type)
                .setExpiryPolicyFactory(expiry);
        try {
            return cast(Managers.cache(manager, name, configuration, settings));
        } catch (javax.cache.CacheException refused) {
            throw new CacheException("The cache " + name + " can't be opened: " + refused.getMessage(), refused);
        }
    }

    @SuppressWarnings("unchecked")
    private static <V> LockstepCache<String, V> cast(javax.cache.Cache<String, V> cache) {
        return cache.unwrap(LockstepCache.class);
    }
}
