package dev.lockstep.hibernate;

import org.hibernate.cache.spi.CacheKeysFactory;
import org.hibernate.cache.spi.DomainDataRegion;
import org.hibernate.cache.spi.access.EntityDataAccess;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.hibernate.persister.entity.EntityPersister;
import org.jspecify.annotations.Nullable;

/** The entities of a region. Thread-safe. */
final class EntityAccess extends DataAccess implements EntityDataAccess {

    EntityAccess(DomainDataRegion region, CacheKeysFactory keys, Strategy strategy) {
        super(region, keys, strategy);
    }

    @Override
    public Object generateCacheKey(
            Object id, EntityPersister root, SessionFactoryImplementor factory, @Nullable String tenant) {
        return keys.createEntityKey(id, root, factory, tenant);
    }

    @Override
    public Object getCacheKeyId(Object cacheKey) {
        return keys.getEntityId(cacheKey);
    }

    @Override
    public boolean insert(
            SharedSessionContractImplementor session, Object key, Object value, @Nullable Object version) {
        return false;
    }

    @Override
    public boolean afterInsert(
            SharedSessionContractImplementor session, Object key, Object value, @Nullable Object version) {
        return strategy.inserted(session, key, value);
    }

    @Override
    public boolean update(
            SharedSessionContractImplementor session,
            Object key,
            Object value,
            @Nullable Object currentVersion,
            @Nullable Object previousVersion) {
        strategy.updating(key);
        return false;
    }

    @Override
    public boolean afterUpdate(
            SharedSessionContractImplementor session,
            Object key,
            Object value,
            @Nullable Object currentVersion,
            @Nullable Object previousVersion,
            @Nullable SoftLock lock) {
        return strategy.updated(session, key, value, lock);
    }
}
