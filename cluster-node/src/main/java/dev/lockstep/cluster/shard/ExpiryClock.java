package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.clock.LogClock;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;

/**
 * The time at which a replica evaluates expiry: the time of the log applied here, or that of the replica's clock if it is
 * ahead. Thread-safe; takes no lock.
 */
final class ExpiryClock {

    private final ReplicaState state;
    private final LogClock clock;

    ExpiryClock(ReplicaState state, LogClock clock) {
        this.state = state;
        this.clock = clock;
    }

    /** Returns true once the time of the shard's log is known here. */
    boolean hasBegun() {
        return clock.hasBegun();
    }

    /** The time of the shard's log, as well as it is known here. */
    long millis() {
        return Math.max(state.logTimeMillis(), clock.millis());
    }

    /** The time for a session that has already evaluated expiry at {@code judgedAtMillis}: no earlier than that. */
    long notBefore(long judgedAtMillis) {
        return Math.max(millis(), judgedAtMillis);
    }

    /** Milliseconds until the clock gets to a time that it has not reached yet; at least 1. */
    long untilReached(long millis) {
        return Math.max(1, millis - clock.millis());
    }

    /** Returns true if an entry is expired by the clock only, not by log time: a new leader's clock might differ. */
    boolean isExpiredByClockOnly(StoredEntry entry, long nowMillis) {
        return entry.deadlineMillis() <= nowMillis && entry.deadlineMillis() > state.logTimeMillis();
    }

    /** Returns true if the key's entry is expired by the clock only, not by log time. */
    boolean isExpiredByClockOnly(int cacheId, Bytes key, long nowMillis) {
        StoredEntry entry = state.entry(cacheId, key);
        return entry != null && isExpiredByClockOnly(entry, nowMillis);
    }
}
