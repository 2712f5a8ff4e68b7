package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.CacheInfo;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The rule for session reads that a replica answers alone, be they of this JVM or of another: it has applied what the session
 * has seen, it was in touch with its leader within the bound on staleness, and it calls no entry expired that a read may have
 * prolonged meanwhile. Thread-safe; asking takes no lock and allocates nothing.
 */
final class SessionReadRule {

    private final ReplicaState state;
    private final ReplicatedLog<?, ?> log;
    private final ExpiryClock clock;
    private final ReadBarrier barrier;
    private final Time time;
    private final long maxStalenessNanos;
    private final AtomicBoolean confirming = new AtomicBoolean();
    private volatile long freshUntilNanos;

    SessionReadRule(
            ReplicaState state,
            ReplicatedLog<?, ?> log,
            ExpiryClock clock,
            ReadBarrier barrier,
            Time time,
            Duration maxStaleness) {
        this.state = state;
        this.log = log;
        this.clock = clock;
        this.barrier = barrier;
        this.time = time;
        this.maxStalenessNanos = maxStaleness.toNanos();
        this.freshUntilNanos = time.nanos() - 1;
    }

    /** Returns true once this replica is where the session has been. To be asked before the store is looked into. */
    boolean hasApplied(long position) {
        return state.applied() >= position;
    }

    /**
     * Returns true while the log's time is known, and the leader was heard of, or this replica was confirmed as the leader,
     * within the bound on staleness. The only replica of a log is never behind, and asks no clock.
     */
    boolean isFresh() {
        if (log.isAlone()) {
            return clock.hasBegun() && log.leadership().leads();
        }
        if (freshUntilNanos - time.nanos() > 0) {
            return true;
        }
        if (!clock.hasBegun()) {
            return false;
        }
        long now = time.nanos();
        long age = sinceContactNanos();
        if (age >= maxStalenessNanos) {
            return false;
        }
        freshUntilNanos = now - age + maxStalenessNanos;
        return true;
    }

    /**
     * Returns the nanoseconds since this replica has heard from its leader, or was confirmed as the leader; 0 for the only voter, whose
     * leadership nobody can take, and {@link Long#MAX_VALUE} if it never was in touch or has stopped.
     */
    long sinceContactNanos() {
        ReplicatedLog.Leadership leadership = log.leadership();
        if (!leadership.leads()) {
            return log.sinceLeaderContactNanos();
        }
        boolean onlyVoter = leadership.voters().stream().allMatch(voters -> voters.size() == 1);
        return onlyVoter ? 0 : barrier.sinceConfirmedNanos();
    }

    /** Returns true if an entry is expired by the clock only, although a read not applied here may have prolonged it. */
    boolean mayBeProlonged(CacheInfo cache, StoredEntry entry, long nowMillis) {
        return isProlongedByReads(cache) && clock.isExpiredByClockOnly(entry, nowMillis);
    }

    /**
     * Returns true if a read may prolong an entry's life. A replica that has not applied that read yet would call an entry
     * expired that its session sees again later. A new value is another matter, since an expired entry may be followed by it.
     */
    static boolean isProlongedByReads(CacheInfo cache) {
        return cache.definition().expiry().isAccessBased()
                || !cache.definition().expiryPolicy().isEmpty();
    }

    /**
     * Confirms a leader's leadership again, in good time before its reads would be too old: once in each quarter of the bound, counted from
     * the clock's zero, so that the leaderships of a node are confirmed together.
     */
    void keepFresh() {
        long every = maxStalenessNanos / 4;
        long now = time.nanos();
        boolean isDue = Math.floorDiv(now, every) != Math.floorDiv(now - barrier.sinceConfirmedNanos(), every);
        if (isDue && confirming.compareAndSet(false, true)) {
            barrier.pass(() -> confirming.set(false), refused -> confirming.set(false));
        }
    }
}
