package dev.lockstep.protocol.wire;

/**
 * The time an entry lives, counted from the log time of its mutation.
 *
 * @param millis zero or more, or one of the constants' negative values
 */
public record Lifetime(long millis) {

    /** Whatever the cache's {@link ExpiryRule} says. */
    public static final Lifetime BY_RULE = new Lifetime(-1);
    /** Keep the deadline that the entry has; a new entry never expires. */
    public static final Lifetime UNCHANGED = new Lifetime(-2);
    /** Never. */
    public static final Lifetime ETERNAL = new Lifetime(-3);
    /** Already over: a new entry is not stored, an existing one is removed. */
    public static final Lifetime OVER = new Lifetime(0);

    public Lifetime {
        if (millis < -3) {
            throw new IllegalArgumentException("A lifetime can't be " + millis + " ms");
        }
    }

    /** Formats the lifetime for messages. */
    @Override
    public String toString() {
        if (equals(ETERNAL)) {
            return "for ever";
        }
        return equals(UNCHANGED) ? "unchanged" : millis + " ms";
    }

    public static Lifetime ofMillis(long millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("A lifetime can't be " + millis + " ms");
        }
        return new Lifetime(millis);
    }
}
