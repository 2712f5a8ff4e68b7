package dev.lockstep.protocol.wire;

import org.jspecify.annotations.Nullable;

/**
 * One change of one entry.
 *
 * @param value the new value with {@link Action#PUT}, else null
 * @param lifetime from the log time on; {@link Lifetime#BY_RULE} unless the caller decides
 * @param returnOld whether the reply carries the value before
 */
public record Mutation(
        Bytes key, Action action, @Nullable Bytes value, Condition condition, Lifetime lifetime, boolean returnOld) {

    /** The action taken when the condition holds. */
    public enum Action {
        /** Store the value. */
        PUT,
        /** Remove the entry. */
        REMOVE,
        /** Only note a read: the lifetime starts again, the version stays. */
        TOUCH
    }

    public Mutation {
        if ((action == Action.PUT) != (value != null)) {
            throw new IllegalArgumentException(action + (value == null ? " needs a value" : " takes no value"));
        }
    }

    public static Mutation put(Bytes key, Bytes value, Condition condition) {
        return new Mutation(key, Action.PUT, value, condition, Lifetime.BY_RULE, false);
    }

    public static Mutation remove(Bytes key, Condition condition) {
        return new Mutation(key, Action.REMOVE, null, condition, Lifetime.BY_RULE, false);
    }

    public static Mutation touch(Bytes key, Condition condition, Lifetime lifetime) {
        return new Mutation(key, Action.TOUCH, null, condition, lifetime, false);
    }

    public Mutation returningOld() {
        return new Mutation(key, action, value, condition, lifetime, true);
    }

    public Mutation living(Lifetime other) {
        return new Mutation(key, action, value, condition, other, returnOld);
    }
}
