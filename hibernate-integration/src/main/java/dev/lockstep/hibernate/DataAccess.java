package dev.lockstep.hibernate;

import org.hibernate.CacheMode;
import org.hibernate.cache.spi.CacheKeysFactory;
import org.hibernate.cache.spi.DomainDataRegion;
import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.cache.spi.access.CachedDomainDataAccess;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/** The operations that Hibernate asks of all kinds of data alike, delegated to their strategy. Thread-safe. */
abstract class DataAccess implements CachedDomainDataAccess {

    final Strategy strategy;
    final CacheKeysFactory keys;
    private final DomainDataRegion region;

    DataAccess(DomainDataRegion region, CacheKeysFactory keys, Strategy strategy) {
        this.region = region;
        this.keys = keys;
        this.strategy = strategy;
    }

    @Override
    public DomainDataRegion getRegion() {
        return region;
    }

    @Override
    public AccessType getAccessType() {
        return strategy.type();
    }

    @Override
    public @Nullable Object get(SharedSessionContractImplementor session, Object key) {
        return strategy.get(key);
    }

    @Override
    public boolean putFromLoad(
            SharedSessionContractImplementor session, Object key, Object value, @Nullable Object version) {
        return strategy.putFromLoad(session, key, value, session.getCacheMode() == CacheMode.REFRESH);
    }

    /** Puts are always minimal: what is there is only replaced when it is to be refreshed. */
    @Override
    public boolean putFromLoad(
            SharedSessionContractImplementor session,
            Object key,
            Object value,
            @Nullable Object version,
            boolean minimalPutOverride) {
        return putFromLoad(session, key, value, version);
    }

    @Override
    public @Nullable SoftLock lockItem(SharedSessionContractImplementor session, Object key, @Nullable Object version) {
        return strategy.lockItem(session, key);
    }

    @Override
    public void unlockItem(SharedSessionContractImplementor session, Object key, @Nullable SoftLock lock) {
        strategy.unlockItem(session, key, lock);
    }

    @Override
    public void remove(SharedSessionContractImplementor session, Object key) {
        strategy.remove(key);
    }

    @Override
    public void removeAll(SharedSessionContractImplementor session) {
        strategy.removeAll();
    }

    @Override
    public boolean contains(Object key) {
        return strategy.contains(key);
    }

    @Override
    public @Nullable SoftLock lockRegion() {
        return strategy.lockRegion();
    }

    @Override
    public void unlockRegion(@Nullable SoftLock lock) {
        strategy.unlockRegion(lock);
    }

    @Override
    public void evict(Object key) {
        strategy.evict(key);
    }

    @Override
    public void evictAll() {
        strategy.evictAll();
    }
}
