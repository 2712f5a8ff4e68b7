package dev.lockstep.hibernate;

import org.hibernate.cache.CacheException;
import org.hibernate.cache.cfg.spi.CollectionDataCachingConfig;
import org.hibernate.cache.cfg.spi.DomainDataRegionBuildingContext;
import org.hibernate.cache.cfg.spi.DomainDataRegionConfig;
import org.hibernate.cache.cfg.spi.EntityDataCachingConfig;
import org.hibernate.cache.cfg.spi.NaturalIdDataCachingConfig;
import org.hibernate.cache.internal.DefaultCacheKeysFactory;
import org.hibernate.cache.spi.ExtendedStatisticsSupport;
import org.hibernate.cache.spi.RegionFactory;
import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.cache.spi.access.CollectionDataAccess;
import org.hibernate.cache.spi.access.EntityDataAccess;
import org.hibernate.cache.spi.access.NaturalIdDataAccess;
import org.hibernate.cache.spi.support.AbstractDomainDataRegion;

/** A region of entities, collections and natural ids. Thread-safe. */
final class DomainRegion extends AbstractDomainDataRegion implements ExtendedStatisticsSupport {

    private final RegionStore store;

    DomainRegion(
            DomainDataRegionConfig config,
            RegionFactory factory,
            DomainDataRegionBuildingContext context,
            RegionStore store) {
        super(config, factory, DefaultCacheKeysFactory.INSTANCE, context);
        this.store = store;
        completeInstantiation(config, context);
    }

    @Override
    protected EntityDataAccess generateEntityAccess(EntityDataCachingConfig config) {
        return new EntityAccess(
                this,
                getEffectiveKeysFactory(),
                strategy(config.getAccessType(), config.getNavigableRole().getFullPath()));
    }

    @Override
    protected CollectionDataAccess generateCollectionAccess(CollectionDataCachingConfig config) {
        return new CollectionAccess(
                this,
                getEffectiveKeysFactory(),
                strategy(config.getAccessType(), config.getNavigableRole().getFullPath()));
    }

    @Override
    protected NaturalIdDataAccess generateNaturalIdAccess(NaturalIdDataCachingConfig config) {
        return new NaturalIdAccess(
                this,
                getEffectiveKeysFactory(),
                strategy(config.getAccessType(), config.getNavigableRole().getFullPath()));
    }

    private Strategy strategy(AccessType type, String role) {
        return switch (type) {
            case READ_WRITE -> new ReadWriteStrategy(store);
            case NONSTRICT_READ_WRITE, READ_ONLY -> new UnlockedStrategy(store, type);
            case TRANSACTIONAL ->
                throw new CacheException(
                        "The cache of " + role
                                + " can't be TRANSACTIONAL: Lockstep takes no part in JTA transactions. READ_WRITE gives no stale data either");
        };
    }

    /** Entries of the region in the cluster, among them fences of the last minute; -1 when the cluster does not answer. */
    @Override
    public long getElementCountInMemory() {
        return store.size();
    }

    @Override
    public long getElementCountOnDisk() {
        return -1;
    }

    @Override
    public long getSizeInMemory() {
        return -1;
    }
}
