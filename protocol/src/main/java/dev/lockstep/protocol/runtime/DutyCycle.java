package dev.lockstep.protocol.runtime;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Has long work in the background rest after each bit of it, so that it takes only a part of a processor that others may wait for.
 * For one thread at a time, but for {@link #hurry}.
 */
public final class DutyCycle {

    /** Shorter rests would cost more than they give. */
    private static final long LEAST_WORK_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
    /** Longer runs were probably waiting for something else. */
    private static final long MOST_WORK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Time time;
    private final int part;
    private volatile boolean hurries;
    private long begunNanos;

    private DutyCycle(Time time, int part) {
        this.time = time;
        this.part = part;
        this.hurries = part == 1;
        this.begunNanos = time.nanos();
    }

    /** Returns a cycle without rests. */
    public static DutyCycle full() {
        return new DutyCycle(Time.system(), 1);
    }

    /** @param part for two, half of a processor, and so on; 1 at least */
    public static DutyCycle ofOnePartIn(int part, Time time) {
        return new DutyCycle(time, part);
    }

    /** A bit of the work is done; returns when the next may be. */
    public void step() {
        if (hurries) {
            return;
        }
        long worked = time.nanos() - begunNanos;
        if (worked >= LEAST_WORK_NANOS) {
            LockSupport.parkNanos(Math.min(worked, MOST_WORK_NANOS) * (part - 1));
            begunNanos = time.nanos();
        }
    }

    /** Ends the rests, because a thread waits for the end of the work. Called by any thread. */
    public void hurry() {
        hurries = true;
    }
}
