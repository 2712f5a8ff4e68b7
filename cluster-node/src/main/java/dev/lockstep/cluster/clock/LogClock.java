package dev.lockstep.cluster.clock;

import dev.lockstep.protocol.runtime.Time;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The time of one log, as a replica of it knows it: it goes on with the monotonic clock, and is slewed towards the members' clocks by
 * a twentieth of what passes at most. A replica that has started takes it once from one that knows it, or, when none of those that it hears
 * does, from a majority of the clocks.
 *
 * <p>Thread-safe; reading it takes no lock and allocates nothing.
 */
public final class LogClock {

    /** The share of the time passed by which the log's time may differ from it: one in so many. */
    static final int SLEW = 20;

    /** By how much more clocks differ, or are known too little, when it is worth waiting to hear more of them. */
    static final long AGREEING_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * Time for which a replica waits after its start for enough clocks to tell which of them are wrong; then the earlier ones count. Longer
     * than an outage that passes by itself.
     */
    static final long DOUBT_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** The most that counts as waited between two looks: a process that was suspended has not heard what it waits for. */
    private static final long AWAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Time between two looks once the log's time is known: as long as between two questions to a member. */
    static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final Time time;
    private final Supplier<@Nullable MajorityTime> clocks;
    private final LongSupplier others;
    private volatile Reading reading;
    private volatile @Nullable MajorityTime majority;
    private volatile boolean begun;
    private long lookedAtNanos;
    private long waitedNanos;

    /** The log's time at a moment of the monotonic clock. */
    private record Reading(long logNanos, long atNanos) {}

    /**
     * @param clocks what those of the log's members say, as far as this node knows
     * @param others the log's time in milliseconds, as reported by replicas that know it; 0 if none does
     */
    public LogClock(Time time, Supplier<@Nullable MajorityTime> clocks, LongSupplier others) {
        this.time = time;
        this.clocks = clocks;
        this.others = others;
        this.reading = new Reading(0, time.nanos());
        this.lookedAtNanos = time.nanos();
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

    /** Settles the time that has passed until now: the clocks' later answers change nothing of it. */
    private long goOn(long now) {
        long log = estimate(reading, majority, now);
        reading = new Reading(log, now);
        return log;
    }

    /** The log has got to a time: it is no earlier now. */
    public void reached(long logMillis) {
        long logNanos = TimeUnit.MILLISECONDS.toNanos(logMillis);
        if (logNanos > reading.logNanos()) {
            catchUp(logNanos);
        }
    }

    private synchronized void catchUp(long logNanos) {
        long now = time.nanos();
        if (logNanos > estimate(reading, majority, now)) {
            reading = new Reading(logNanos, now);
        }
    }

    /**
     * Looks at what the members say, or goes by what they last said if that was not long ago: it goes on with the monotonic clock. To be
     * called every few milliseconds.
     */
    public synchronized void look() {
        long now = time.nanos();
        if (begun && now - lookedAtNanos < LOOK_NANOS) {
            return;
        }
        long log = goOn(now);
        MajorityTime heard = clocks.get();
        majority = heard;
        if (!begun) {
            begin(log, others.getAsLong(), heard, now);
        }
        lookedAtNanos = now;
    }

    private void begin(long log, long othersMillis, @Nullable MajorityTime heard, long now) {
        long start;
        if (othersMillis > 0) {
            start = TimeUnit.MILLISECONDS.toNanos(othersMillis);
        } else if (heard != null && !isInDoubt(heard, now)) {
            start = heard.reachedNanos(now);
        } else {
            return;
        }
        reading = new Reading(Math.max(log, start), now);
        begun = true;
    }

    private boolean isInDoubt(MajorityTime heard, long now) {
        waitedNanos += Math.min(now - lookedAtNanos, AWAKE_NANOS);
        return heard.doubtNanos() > AGREEING_NANOS && waitedNanos < DOUBT_NANOS;
    }

    /** Returns true once the log's time is known here; until then this replica gives it none. */
    public boolean hasBegun() {
        if (!begun) {
            look();
        }
        return begun;
    }
}
