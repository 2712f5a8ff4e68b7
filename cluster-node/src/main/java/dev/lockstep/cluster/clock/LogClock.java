package dev.lockstep.cluster.clock;

import dev.lockstep.protocol.runtime.Time;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The time of one log, as a replica of it knows it: it goes on from the log's time with the monotonic clock, and is slewed towards
 * the time of the members' clocks by a twentieth of what has passed at most. Only what follows a start may set it forward:
 * a replica that was not running does not know how long ago its log's time was, so the first time that it leads it takes what a
 * majority of the clocks has reached.
 *
 * <p>Thread-safe; reading it takes no lock and allocates nothing.
 */
public final class LogClock {

    /** The share of the time passed by which the log's time may differ from it: one in so many. */
    static final int SLEW = 20;

    /** How far the log's time, or the clocks of a majority, may differ for it to count as known. */
    static final long AGREEING_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** How long a leader waits for enough clocks to tell which of them are wrong. */
    static final long DOUBT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final Time time;
    private final Supplier<@Nullable MajorityTime> clocks;
    private volatile Reading reading;
    private volatile @Nullable MajorityTime majority;
    private volatile boolean known;
    private boolean doubted;
    private long doubtedSinceNanos;

    /** The log's time at a moment of the monotonic clock. */
    private record Reading(long logNanos, long atNanos) {}

    /** @param clocks what those of the log's members say, as far as this node knows */
    public LogClock(Time time, Supplier<@Nullable MajorityTime> clocks) {
        this.time = time;
        this.clocks = clocks;
        this.reading = new Reading(0, time.nanos());
    }

    /** The log's time in nanoseconds, from a reading and what the clocks say. */
    private static long estimate(Reading from, @Nullable MajorityTime majority, long nowNanos) {
        long passed = Math.max(0, nowNanos - from.atNanos());
        long free = from.logNanos() + passed;
        if (majority == null) {
            return free;
        }
        long aim = between(majority.reachedNanos(nowNanos), free, majority.notPassedNanos(nowNanos));
        long slew = passed / SLEW;
        return between(free - slew, aim, free + slew);
    }

    private static long between(long low, long value, long high) {
        return Math.max(low, Math.min(value, high));
    }

    /** The log's time in milliseconds, as well as this replica knows it. */
    public long millis() {
        return estimate(reading, majority, time.nanos()) / NANOS_PER_MILLI;
    }

    /** The log's time for an entry that is proposed now; the clock goes on from it. */
    public synchronized long stampMillis() {
        return goOn(time.nanos()) / NANOS_PER_MILLI;
    }

    /** What has passed until now is settled: what the clocks say from now on changes nothing of it. */
    private long goOn(long now) {
        long log = estimate(reading, majority, now);
        reading = new Reading(log, now);
        return log;
    }

    /** The log has got to a time: it is no earlier now. */
    public synchronized void reached(long logMillis) {
        long now = time.nanos();
        long logNanos = TimeUnit.MILLISECONDS.toNanos(logMillis);
        if (logNanos > estimate(reading, majority, now)) {
            reading = new Reading(logNanos, now);
        }
    }

    /** Looks at the members' clocks; to be called every few milliseconds. */
    public synchronized void look() {
        MajorityTime next = clocks.get();
        long now = time.nanos();
        long log = goOn(now);
        majority = next;
        if (known || next == null || next.doubtNanos() > AGREEING_NANOS) {
            return;
        }
        known = log > next.reachedNanos(now) - AGREEING_NANOS && log < next.notPassedNanos(now) + AGREEING_NANOS;
    }

    /**
     * Begins to give the log its time, if this replica leads: after a start, sets the clock forward to what a majority of the clocks has
     * reached. Answers false while it has not heard of enough clocks to do so.
     */
    public boolean leads() {
        return known || begin();
    }

    private synchronized boolean begin() {
        look();
        MajorityTime clocksNow = majority;
        if (known || clocksNow == null) {
            return known;
        }
        long now = time.nanos();
        if (clocksNow.doubtNanos() > AGREEING_NANOS) {
            if (!doubted) {
                doubted = true;
                doubtedSinceNanos = now;
            }
            if (now - doubtedSinceNanos < DOUBT_NANOS) {
                return false;
            }
        }
        reading = new Reading(Math.max(estimate(reading, clocksNow, now), clocksNow.reachedNanos(now)), now);
        known = true;
        return true;
    }
}
