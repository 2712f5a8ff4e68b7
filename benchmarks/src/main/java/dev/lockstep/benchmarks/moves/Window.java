package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.Outcome;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** The puts that were to begin in one phase. Thread-safe. */
final class Window {

    private static final long LONGEST = TimeUnit.MINUTES.toNanos(5);
    private static final int DIGITS = 3;

    private final long began;
    private final Histogram latencies = new Histogram(LONGEST, DIGITS);
    private final Gaps gaps;
    private long outstanding;
    private long failed;

    Window(int shards, long began) {
        this.began = began;
        this.gaps = new Gaps(shards, began);
    }

    synchronized void sent() {
        outstanding++;
    }

    /**
     * Records the end of a put. One that failed counts with the time it took.
     *
     * @param intended when it was to begin
     */
    synchronized void ended(int shard, long intended, long now, @Nullable Throwable failure) {
        latencies.recordValue(Math.min(LONGEST, now - intended));
        if (failure == null) {
            gaps.succeeded(shard, intended, now);
        } else {
            failed++;
        }
        outstanding--;
        notifyAll();
    }

    /** Tells whether a put that was to begin after this time has succeeded in each of the shards. */
    boolean isServedSince(long time, Collection<Integer> shards) {
        return gaps.areServedSince(time, shards);
    }

    /** The seconds since it began. */
    double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    /** The longest time without a successful put in one of the shards so far, in seconds. */
    double longestGap() {
        return gaps.longest(System.nanoTime()) / 1e9;
    }

    /** Waits until all have ended. */
    synchronized void await(Duration within) throws InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        while (outstanding > 0) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw new IllegalStateException(outstanding + " puts have not ended within " + within);
            }
            wait(left);
        }
    }

    /**
     * Returns the figures of those that have ended.
     *
     * @param seconds that the phase took
     */
    synchronized Outcome outcome(double seconds) {
        return Outcome.of(latencies, seconds);
    }

    /** The number that failed so far. */
    synchronized long failed() {
        return failed;
    }
}
