package dev.lockstep.cluster.consensus.ratis.log;

import java.util.concurrent.TimeUnit;

/**
 * Judges a log's disk by how long writes take. A spell of slow writes begins with one of more than 10 ms, and ends with eight
 * shorter ones in a row, or when nothing slow was written for ten seconds. Thread-safe; one thread at a time writes, any asks.
 */
final class WritePace {

    static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** Short writes that end a spell: with fewer, a disk that is slow now and then would be judged anew all the time. */
    static final int SHORT_WRITES = 8;

    static final long FORGOTTEN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private boolean writing;
    private long beganNanos;
    private boolean slow;
    private long lastSlowNanos;
    private int shortWrites;

    synchronized void began(long now) {
        writing = true;
        beganNanos = now;
    }

    synchronized void ended(long now) {
        writing = false;
        if (now - beganNanos > SLOW_NANOS) {
            slow = true;
            lastSlowNanos = now;
            shortWrites = 0;
        } else if (++shortWrites >= SHORT_WRITES) {
            slow = false;
        }
    }

    /** Tells whether the next write is likely to take long. */
    synchronized boolean isSlow(long now) {
        return (writing && now - beganNanos > SLOW_NANOS) || (slow && now - lastSlowNanos < FORGOTTEN_NANOS);
    }
}
