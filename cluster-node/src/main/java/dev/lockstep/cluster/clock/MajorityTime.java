package dev.lockstep.cluster.clock;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The time by the clocks of a group, of which a minority may be wrong or not known: a majority has reached the one bound, and a
 * majority has not passed the other. With all clocks of an odd number known, both are the median. It goes on with a monotonic
 * clock.
 *
 * @param reachedNanos nanoseconds since 1970 when {@code atNanos} was
 * @param notPassedNanos the same; not before {@code reachedNanos}
 */
public record MajorityTime(long reachedNanos, long notPassedNanos, long atNanos) {

    /**
     * Judges what the clocks of a group say; null when fewer than a majority are known.
     *
     * @param earliest what each of those that are known may have shown at the least, in nanoseconds since 1970 when {@code atNanos} was
     * @param latest what each of them may have shown at the most
     * @param members how many the group has
     */
    public static @Nullable MajorityTime of(long[] earliest, long[] latest, int members, long atNanos) {
        int majority = members / 2 + 1;
        if (earliest.length < majority) {
            return null;
        }
        long[] reached = earliest.clone();
        long[] notPassed = latest.clone();
        Arrays.sort(reached);
        Arrays.sort(notPassed);
        return new MajorityTime(reached[reached.length - majority], notPassed[majority - 1], atNanos);
    }

    /** Returns the time that a majority has reached at a moment. */
    long reachedNanos(long nowNanos) {
        return reachedNanos + (nowNanos - atNanos);
    }

    /** Returns the time that a majority has not passed at a moment. */
    long notPassedNanos(long nowNanos) {
        return notPassedNanos + (nowNanos - atNanos);
    }

    /** Returns the distance of the bounds: more than a little if clocks are wrong, and too few are known to tell which. */
    long doubtNanos() {
        return notPassedNanos - reachedNanos;
    }
}
