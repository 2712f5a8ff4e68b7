package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The leases that keep locks alive: entries that end by themselves, by the time of the log. All locks that this JVM
 * takes within a while live by the same one, and each for the lock lifetime at least, for twice that at most. A lease
 * is neither renewed nor given back. Thread-safe; the lock guards which lease is the current one.
 */
final class Leases {

    private static final String PREFIX = "lease ";

    private final LockstepCache<String, String> entries;
    private final LockstepCache<String, String> strongly;
    private final Duration lifetime;
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private @Nullable String current;
    private Deadline replaceAfter = new Deadline(0);

    /** @param lifetime that each lock has at least */
    Leases(LockstepCache<String, String> entries, Duration lifetime) {
        this.entries = entries;
        this.strongly = entries.strong();
        this.lifetime = lifetime;
    }

    /**
     * An id for a lock that is to be taken now.
     *
     * @throws javax.cache.CacheException when the cluster can't be asked for a lease
     */
    String newLock() {
        return LockId.of(lease(), numbers.incrementAndGet());
    }

    private String lease() {
        long before = failures.get();
        synchronized (this) {
            if (failures.get() != before) {
                throw new CacheException("There is no lease: the cluster did not answer the last request for one");
            }
            boolean taken = false;
            try {
                String lease = currentLease();
                taken = true;
                return lease;
            } finally {
                if (!taken) {
                    failures.incrementAndGet();
                }
            }
        }
    }

    /** Under the lock, so that one asks for all; if that one fails, those that waited fail too. */
    private String currentLease() {
        String lease = current;
        if (lease == null || replaceAfter.isPast(Time.system())) {
            // By the log's time two lifetimes may be over when one and nine tenths have passed here.
            Deadline next =
                    Deadline.after(Time.system(), lifetime.multipliedBy(9).dividedBy(10));
            lease = Long.toUnsignedString(Entropy.system().nextLong(), Character.MAX_RADIX)
                    + Long.toUnsignedString(Entropy.system().nextLong(), Character.MAX_RADIX);
            entries.put(PREFIX + lease, "", lifetime.multipliedBy(2));
            current = lease;
            replaceAfter = next;
        }
        return lease;
    }

    /** Returns the holders whose lease has not ended, linearizably. */
    LockItem living(LockItem locks) {
        Set<String> asked = locks.holders().stream()
                .map(holder -> PREFIX + LockId.leaseOf(holder))
                .collect(Collectors.toCollection(HashSet::new));
        Map<String, String> found = strongly.getAll(asked);
        return locks.livingBy(found.keySet().stream()
                .map(key -> key.substring(PREFIX.length()))
                .collect(Collectors.toSet()));
    }
}
