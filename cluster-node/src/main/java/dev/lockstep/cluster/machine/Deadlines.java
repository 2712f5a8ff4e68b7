package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.Lifetime;

/** Turns lifetimes into deadlines. Pure. */
final class Deadlines {

    static final long NEVER = Long.MAX_VALUE;

    private Deadlines() {}

    /**
     * Computes the deadline of an entry.
     *
     * @param asked what the mutation says
     * @param byRule what the cache's rule says, used if the mutation leaves it to the rule
     * @param current the deadline it has; {@link #NEVER} for a new entry
     */
    static long after(Lifetime asked, Lifetime byRule, long logTimeMillis, long current) {
        Lifetime lifetime = asked.equals(Lifetime.BY_RULE) ? byRule : asked;
        if (lifetime.equals(Lifetime.UNCHANGED)) {
            return current;
        }
        if (lifetime.equals(Lifetime.ETERNAL)) {
            return NEVER;
        }
        long deadline = logTimeMillis + lifetime.millis();
        return deadline < 0 ? NEVER : deadline;
    }
}
