package dev.lockstep.hibernate;

import org.hibernate.cache.CacheException;
import org.hibernate.cache.spi.access.AccessType;
import org.hibernate.cache.spi.access.SoftLock;
import org.hibernate.engine.spi.SharedSessionContractImplementor;
import org.jspecify.annotations.Nullable;

/**
 * The protocol that keeps one kind of data (entities, collections or natural ids) in step with the database. Methods
 * that are called before the transaction commits throw {@link CacheException} when the cluster does not answer and the
 * transaction must not go on; those called afterwards throw nothing of the kind. Thread-safe.
 */
abstract class Strategy {

    final RegionStore store;

    Strategy(RegionStore store) {
        this.store = store;
    }

    abstract AccessType type();

    @Nullable
    Object get(Object key) {
        return store.get(store.key(key));
    }

    boolean contains(Object key) {
        return get(key) != null;
    }

    /** @param refresh whether a value that is there shall be replaced */
    abstract boolean putFromLoad(SharedSessionContractImplementor session, Object key, Object value, boolean refresh);

    /** Locks a key, before the change. */
    abstract @Nullable SoftLock lockItem(SharedSessionContractImplementor session, Object key);

    /** Removes an entry between the change and the commit. */
    abstract void remove(Object key);

    /** Prepares the update of an entry, between the change and the commit. */
    abstract void updating(Object key);

    /** Stores an entry after the commit of an insert. */
    abstract boolean inserted(SharedSessionContractImplementor session, Object key, Object value);

    /** Stores an entry after the commit of an update. */
    abstract boolean updated(
            SharedSessionContractImplementor session, Object key, Object value, @Nullable SoftLock lock);

    /** Unlocks a key after the transaction, if it was removed or not changed after all. */
    abstract void unlockItem(SharedSessionContractImplementor session, Object key, @Nullable SoftLock lock);

    /** Locks the region, before a change of entries that can't be named one by one. */
    abstract @Nullable SoftLock lockRegion();

    /** Unlocks the region after such a change. */
    abstract void unlockRegion(@Nullable SoftLock lock);

    final void removeAll() {
        store.clearBefore();
    }

    /** Evicts at the application's request. */
    final void evict(Object key) {
        store.require("The eviction of an entry", () -> store.fence(store.key(key)));
    }

    /** Evicts at the application's request. */
    final void evictAll() {
        store.require("The eviction of a region", store::clear);
    }
}
