package dev.lockstep.hibernate;

import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * READ_WRITE: what is being changed is locked in the cluster first, and can't be read from the cache nor put into it until the
 * transaction has ended.
 */
final class ReadWriteStrategy extends Strategy {

    ReadWriteStrategy(RegionStore store) {
        super(store);
    }

    @Override
    AccessType type() {
        return AccessType.READ_WRITE;
    }

    @Override
    boolean putFromLoad(SharedSessionContractImplementor session, Object key, Object value, boolean refresh) {
        return store.putLoadedIfFree(
                store.key(key), value, SessionScope.of(session).began(), refresh);
    }

    @Override
    @Nullable
    SoftLock lockItem(SharedSessionContractImplementor session, Object key) {
        String text = store.key(key);
        ItemLock lock = store.lockItem(text);
        if (lock != null) {
            SessionScope.of(session).locked(lock, () -> store.unlockItem(text, lock));
        }
        return lock;
    }

    @Override
    void remove(Object key) {
        // The lock has removed it.
    }

    @Override
    void updating(Object key) {
        // The lock has removed it.
    }

    /** A row that was inserted counts as loaded: no other session knew of it before. */
    @Override
    boolean inserted(SharedSessionContractImplementor session, Object key, Object value) {
        return putFromLoad(session, key, value, false);
    }

    @Override
    boolean updated(SharedSessionContractImplementor session, Object key, Object value, @Nullable SoftLock lock) {
        if (lock instanceof ItemLock held) {
            SessionScope.of(session).released(held);
            return store.unlockItem(store.key(key), held, value);
        }
        unlockItem(session, key, lock);
        return false;
    }

    @Override
    void unlockItem(SharedSessionContractImplementor session, Object key, @Nullable SoftLock lock) {
        ItemLock held = lock instanceof ItemLock item ? item : null;
        if (held != null) {
            SessionScope.of(session).released(held);
        }
        store.unlockItem(store.key(key), held);
    }

    @Override
    @Nullable
    SoftLock lockRegion() {
        return store.lockRegion();
    }

    @Override
    void unlockRegion(@Nullable SoftLock lock) {
        store.unlockRegion(lock instanceof RegionLock held ? held : null);
    }
}
