package dev.lockstep.protocol.runtime;

import java.time.Duration;

/**
 * A moment of monotonic time by which something must have happened.
 *
 * @param nanos in terms of {@link Time#nanos}
 */
public record Deadline(long nanos) {

    /** The moment {@code wait} from now. */
    public static Deadline after(Time time, Duration wait) {
        return new Deadline(time.nanos() + wait.toNanos());
    }

    public boolean isPast(Time time) {
        return remainingNanos(time) <= 0;
    }

    /** Nanoseconds that are left; negative once it is past. */
    public long remainingNanos(Time time) {
        return nanos - time.nanos();
    }

    /** The earlier of this and {@code wait} from now. */
    public Deadline orAfter(Time time, Duration wait) {
        Deadline other = after(time, wait);
        return other.nanos - nanos < 0 ? other : this;
    }
}
