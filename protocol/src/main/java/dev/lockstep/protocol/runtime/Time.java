package dev.lockstep.protocol.runtime;

/**
 * The only door to a clock. Thread-safe.
 *
 * <p>Wall-clock time stamps Raft entries and judges expiry; monotonic time measures waits. They are never mixed.
 */
public interface Time {

    /** Wall-clock milliseconds since the epoch. May jump in either direction. */
    long millis();

    /** Monotonic nanoseconds from an arbitrary origin; compare only by subtraction. */
    long nanos();

    /** The machine's clocks. */
    static Time system() {
        return SystemTime.INSTANCE;
    }
}
