package dev.lockstep.hibernate;

import org.hibernate.cache.spi.CacheKeysFactory;
import org.hibernate.cache.spi.DomainDataRegion;
import org.hibernate.cache.spi.access.NaturalIdDataAccess;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.hibernate.persister.entity.EntityPersister;
import org.jspecify.annotations.Nullable;

/** The natural ids of a region. Thread-safe. */
final class NaturalIdAccess extends DataAccess implements NaturalIdDataAccess {

    NaturalIdAccess(DomainDataRegion region, CacheKeysFactory keys, Strategy strategy) {
        super(region, keys, strategy);
    }

    @Override
    public Object generateCacheKey(
            Object naturalIdValues, EntityPersister root, SharedSessionContractImplementor session) {
        return keys.createNaturalIdKey(naturalIdValues, root, session);
    }

    @Override
    public Object getNaturalIdValues(Object cacheKey) {
        return keys.getNaturalIdValues(cacheKey);
    }

    @Override
    public boolean insert(SharedSessionContractImplementor session, Object key, Object value) {
        return false;
    }

    @Override
    public boolean afterInsert(SharedSessionContractImplementor session, Object key, Object value) {
        return strategy.inserted(session, key, value);
    }

    @Override
    public boolean update(SharedSessionContractImplementor session, Object key, Object value) {
        strategy.updating(key);
        return false;
    }

    @Override
    public boolean afterUpdate(
            SharedSessionContractImplementor session, Object key, Object value, @Nullable SoftLock lock) {
        return strategy.updated(session, key, value, lock);
    }
}
