package dev.lockstep.hibernate;

import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * NONSTRICT_READ_WRITE and READ_ONLY: nothing is locked. Changed items are removed before the commit and once more
 * after it; loaded items are stored only if neither happened since the load began.
 */
final class UnlockedStrategy extends Strategy {

    private final AccessType type;

    UnlockedStrategy(RegionStore store, AccessType type) {
        super(store);
        this.type = type;
    }

    @Override
    AccessType type() {
        return type;
    }

    @Override
    boolean putFromLoad(SharedSessionContractImplementor session, Object key, Object value, boolean refresh) {
        return store.putLoaded(store.key(key), value, SessionScope.of(session).began(), refresh);
    }

    @Override
    @Nullable
    SoftLock lockItem(SharedSessionContractImplementor session, Object key) {
        return null;
    }

    @Override
    void remove(Object key) {
        store.fenceBefore(store.key(key));
    }

    /** @throws UnsupportedOperationException when it is read-only */
    @Override
    void updating(Object key) {
        if (type == AccessType.READ_ONLY) {
            throw new UnsupportedOperationException("An entity that is cached as read-only can't be updated: " + key);
        }
        remove(key);
    }

    @Override
    boolean inserted(SharedSessionContractImplementor session, Object key, Object value) {
        return type == AccessType.READ_ONLY && putFromLoad(session, key, value, false);
    }

    @Override
    boolean updated(SharedSessionContractImplementor session, Object key, Object value, @Nullable SoftLock lock) {
        unlockItem(session, key, lock);
        return false;
    }

    @Override
    void unlockItem(SharedSessionContractImplementor session, Object key, @Nullable SoftLock lock) {
        store.fenceAfter(store.key(key));
    }

    @Override
    @Nullable
    SoftLock lockRegion() {
        return null;
    }

    @Override
    void unlockRegion(@Nullable SoftLock lock) {
        store.clearAfter();
    }
}
