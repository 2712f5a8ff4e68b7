package dev.lockstep.hibernate;

import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.VersionedCache;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The order of writes and query results, without a clock: stamps are versions of one entry, so the log gives them out
 * and each is higher than all before, in whatever JVM. A session that begins takes none: that which he knows to be past
 * is enough for him. Thread-safe.
 */
final class Stamps {

    private static final String KEY = "stamp";

    private final VersionedCache<String, String> entry;
    private final AtomicLong begun = new AtomicLong();

    Stamps(LockstepCache<String, String> entries) {
        this.entry = entries.versioned();
    }

    /** A stamp higher than all that were given out before, from the cluster. */
    long next() {
        long stamp = entry.put(KEY, "", null).number();
        saw(stamp);
        return stamp;
    }

    /** The stamp of another session: what begins from now on is later. */
    void saw(long stamp) {
        begun.accumulateAndGet(stamp + 1, Math::max);
    }

    /**
     * Returns a stamp for what begins now: later than the stamps seen here, and not later than the next one that will
     * be given out.
     */
    long begun() {
        return begun.get();
    }
}
