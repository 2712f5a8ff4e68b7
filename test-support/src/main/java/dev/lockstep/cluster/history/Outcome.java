package dev.lockstep.cluster.history;

import org.jspecify.annotations.Nullable;

/** The outcome that a client observed. Immutable. */
public sealed interface Outcome {

    /** It happened; the operation returns nothing. */
    Outcome DONE = Plain.DONE;
    /** It certainly did not happen, and never will. */
    Outcome FAILED = Plain.FAILED;
    /** It happened at some time after the invocation, or will happen yet, or never. */
    Outcome UNKNOWN = Plain.UNKNOWN;

    /** @param value null: absent */
    record Value(@Nullable String value) implements Outcome {}

    record Flag(boolean value) implements Outcome {}

    /** Use the constants of {@link Outcome}. */
    enum Plain implements Outcome {
        DONE,
        FAILED,
        UNKNOWN
    }

    static Outcome of(@Nullable String value) {
        return new Value(value);
    }

    static Outcome of(boolean value) {
        return new Flag(value);
    }
}
