package dev.lockstep.hibernate;

import org.hibernate.cache.spi.CacheKeysFactory;
import org.hibernate.cache.spi.DomainDataRegion;
import org.hibernate.cache.spi.access.CollectionDataAccess;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.hibernate.persister.collection.CollectionPersister;
import org.jspecify.annotations.Nullable;

/** The collections of a region. Thread-safe. */
final class CollectionAccess extends DataAccess implements CollectionDataAccess {

    CollectionAccess(DomainDataRegion region, CacheKeysFactory keys, Strategy strategy) {
        super(region, keys, strategy);
    }

    @Override
    public Object generateCacheKey(
            Object id, CollectionPersister collection, SessionFactoryImplementor factory, @Nullable String tenant) {
        return keys.createCollectionKey(id, collection, factory, tenant);
    }

    @Override
    public Object getCacheKeyId(Object cacheKey) {
        return keys.getCollectionId(cacheKey);
    }
}
