package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.VersionedCache;
import java.util.Map;
import java.util.function.UnaryOperator;
import javax.cache.CacheException;

/**
 * Soft locks of items and regions, as entries of a cache that has no bound and that nothing clears. A lock stays
 * until it is released, or until its lease has ended and another holder that waits for it removes it. Thread-safe.
 */
final class Locks {

    private static final int MAX_ATTEMPTS = 1_000;

    private final LockstepCache<String, String> entries;
    private final LockstepCache<String, String> strongly;
    private final VersionedCache<String, String> versioned;
    private final Leases leases;

    Locks(LockstepCache<String, String> entries, Leases leases) {
        this.entries = entries;
        this.strongly = entries.strong();
        this.versioned = strongly.versioned();
        this.leases = leases;
    }

    /**
     * Takes a lock, beside those that others hold of the same name.
     *
     * @return its id
     * @throws CacheException when the cluster does not say that it is taken
     */
    String acquire(String name) {
        String lock = leases.newLock();
        if (!entries.putIfAbsent(name, LockItem.of(lock).text())) {
            change(name, item -> item.with(lock));
        }
        return lock;
    }

    /** Gives a lock back; nothing happens if it was swept away. */
    void release(String name, String lock) {
        if (!entries.remove(name, LockItem.of(lock).text())) {
            change(name, item -> item.without(lock));
        }
    }

    /** Tells whether no other session holds a lock of this name, linearizably. */
    boolean isSole(String name, String lock) {
        return LockItem.of(lock).text().equals(strongly.get(name));
    }

    /**
     * Tells whether no session holds a lock of these names, linearizably. Locks whose lease has ended are swept away,
     * which is not yet to say that they were not held.
     *
     * @param fences by name, what keeps sessions from putting that began while the lock was held; run before it is swept
     *     away
     */
    boolean areFree(Map<String, Runnable> fences) {
        Map<String, String> held = strongly.getAll(fences.keySet());
        fences.forEach((name, fence) -> {
            String item = held.get(name);
            if (item != null) {
                sweep(name, LockItem.parse(item), fence);
            }
        });
        return held.isEmpty();
    }

    private void sweep(String name, LockItem seen, Runnable fence) {
        LockItem living = leases.living(seen);
        if (!living.equals(seen)) {
            fence.run();
            change(
                    name,
                    item -> new LockItem(item.holders().stream()
                            .filter(holder -> living.holders().contains(holder)
                                    || !seen.holders().contains(holder))
                            .toList()));
        }
    }

    private void change(String name, UnaryOperator<LockItem> change) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Versioned<String> found = versioned.read(name);
            LockItem before = LockItem.parse(found.value() == null ? "" : found.value());
            LockItem after = change.apply(before);
            if (after.equals(before) || isStored(name, after, found.version())) {
                return;
            }
        }
        throw new CacheException("A lock of " + name + " could not be changed in " + MAX_ATTEMPTS + " attempts");
    }

    private boolean isStored(String name, LockItem item, Version expected) {
        return item.isEmpty()
                ? versioned.remove(name, expected)
                : versioned.put(name, item.text(), expected, null) != null;
    }
}
