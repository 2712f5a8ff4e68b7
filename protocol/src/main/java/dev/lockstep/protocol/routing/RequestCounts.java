package dev.lockstep.protocol.routing;

import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the calls of a {@link Router} that have ended, and the attempts that they took. Calls that their caller has cancelled are none.
 * Thread-safe; a call may be counted a moment after its caller has its reply.
 */
public final class RequestCounts {

    private final LongAdder successes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    RequestCounts() {}

    void succeeded(long tookNanos) {
        successes.increment();
        nanos.add(tookNanos);
    }

    void failed(long tookNanos) {
        failures.increment();
        nanos.add(tookNanos);
    }

    void retried() {
        retries.increment();
    }

    /** Counts the calls that were answered. */
    public long successes() {
        return successes.sum();
    }

    /** Counts the calls that were refused for good, or not answered by their deadline. */
    public long failures() {
        return failures.sum();
    }

    /** Counts the attempts after the first, of all calls. */
    public long retries() {
        return retries.sum();
    }

    /** Returns the nanoseconds that calls took together until they had ended, with their retries. */
    public long nanos() {
        return nanos.sum();
    }
}
