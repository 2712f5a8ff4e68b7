package dev.lockstep.hibernate;

import dev.lockstep.jcache.Moment;
import dev.lockstep.jcache.Version;
import java.util.Map;
import java.util.function.Supplier;
import org.hibernate.cache.CacheException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A region's values and its locks, and what becomes of a failure. Thread-safe. */
final class RegionStore {

    private static final Logger LOG = LoggerFactory.getLogger(RegionStore.class);

    private final String name;
    private final Codec codec;
    private final Values values;
    private final Values readable;
    private final Locks locks;
    private final Reachability reachability;
    private final boolean failOpen;

    /**
     * @param name of the region, unique in the cluster
     * @param strongReads whether reads are linearizable
     * @param failOpen whether transactions go on without what was required of the cluster
     */
    RegionStore(
            String name,
            Codec codec,
            Values values,
            boolean strongReads,
            Locks locks,
            Reachability reachability,
            boolean failOpen) {
        this.name = name;
        this.codec = codec;
        this.values = values;
        this.readable = strongReads ? values.strong() : values;
        this.locks = locks;
        this.reachability = reachability;
        this.failOpen = failOpen;
    }

    String key(Object key) {
        return codec.key(key);
    }

    /** Null as well when the cluster does not answer. */
    @Nullable
    Object get(String key) {
        return reachability.read("A read of region " + name, () -> readable.get(key));
    }

    /**
     * Stores a value as {@link Values#putLoaded} does, whatever transaction may be about to change the key; false as
     * well when the cluster does not answer.
     */
    boolean putLoaded(String key, Object value, Moment began, boolean replace) {
        return reachability.attempt(
                "A put into region " + name, () -> values.putLoaded(key, value, began, replace, () -> true), false);
    }

    /** Stores a value as {@link Values#putLoaded} does, if no lock is held of the key or the region. */
    boolean putLoadedIfFree(String key, Object value, Moment began, boolean replace) {
        Map<String, Runnable> fences =
                Map.of(itemLock(key), () -> values.fence(key), regionLock(), () -> values.clear());
        return reachability.attempt(
                "A put into region " + name,
                () -> values.putLoaded(key, value, began, replace, () -> locks.areFree(fences)),
                false);
    }

    /**
     * Locks an item: until it is unlocked no session can store what it read before that.
     *
     * @return null when the cluster does not answer and the transaction shall go on
     */
    @Nullable
    ItemLock lockItem(String key) {
        return before("Locking an item of region " + name, () -> {
            String lock = locks.acquire(itemLock(key));
            try {
                return new ItemLock(lock, values.fence(key));
            } catch (RuntimeException failed) {
                releaseQuietly(itemLock(key), lock);
                throw failed;
            }
        });
    }

    /** Gives back the lock of what was not changed, or can't be told. */
    void unlockItem(String key, @Nullable ItemLock lock) {
        after("Unlocking an item", () -> {
            values.fence(key);
            if (lock != null) {
                locks.release(itemLock(key), lock.id());
            }
            return true;
        });
    }

    /**
     * Gives back the lock of an item with its new value, which is stored if no other session has locked it meanwhile.
     */
    boolean unlockItem(String key, ItemLock lock, Object value) {
        return after("Unlocking an item", () -> {
            boolean stored = locks.isSole(itemLock(key), lock.id()) && values.putOver(lock.fence(), key, value);
            if (!stored) {
                values.fence(key);
            }
            locks.release(itemLock(key), lock.id());
            return stored;
        });
    }

    /** Locks the region, beside its items. */
    @Nullable
    RegionLock lockRegion() {
        return before("Locking region " + name, () -> new RegionLock(locks.acquire(regionLock())));
    }

    void unlockRegion(@Nullable RegionLock lock) {
        after("Unlocking the region", () -> {
            values.clear();
            if (lock != null) {
                locks.release(regionLock(), lock.id());
            }
            return true;
        });
    }

    /** Fences or clears before the transaction may commit. */
    void fenceBefore(String key) {
        before("Removing an item of region " + name, () -> values.fence(key));
    }

    /** Fences or clears before the transaction may commit. */
    void clearBefore() {
        before("Clearing region " + name, () -> {
            values.clear();
            return true;
        });
    }

    /** Repeats it after the transaction. */
    void fenceAfter(String key) {
        after("Removing an item", () -> {
            values.fence(key);
            return true;
        });
    }

    /** Repeats it after the transaction. */
    void clearAfter() {
        unlockRegion(null);
    }

    Version fence(String key) {
        return values.fence(key);
    }

    boolean clear() {
        values.clear();
        return true;
    }

    long size() {
        return reachability.attempt("The size of region " + name, values::size, -1L);
    }

    /** @throws CacheException when it can't be done */
    <T> T require(String what, Supplier<T> operation) {
        return reachability.require(what, operation);
    }

    private <T> @Nullable T before(String what, Supplier<T> operation) {
        try {
            return reachability.require(what, operation);
        } catch (CacheException failed) {
            if (!failOpen) {
                throw new CacheException(
                        failed.getMessage()
                                + ". The transaction can't continue: other JVMs could keep values that it replaces",
                        failed);
            }
            LOG.warn(
                    "{}. The transaction continues, since {} is true", failed.getMessage(), LockstepSettings.FAIL_OPEN);
            return null;
        }
    }

    /** A failure is harmless where a lock is held: it stays until its lease ends. */
    private boolean after(String what, Supplier<Boolean> operation) {
        try {
            return reachability.require(what + " of " + name, operation);
        } catch (CacheException failed) {
            LOG.warn("After a transaction: {}", failed.getMessage());
            return false;
        }
    }

    private void releaseQuietly(String lockName, String lock) {
        try {
            locks.release(lockName, lock);
        } catch (RuntimeException failed) {
            LOG.debug("A lock of {} stays until its lease ends", lockName, failed);
        }
    }

    private String itemLock(String key) {
        return "item " + name + '\0' + key;
    }

    private String regionLock() {
        return "region " + name;
    }
}
