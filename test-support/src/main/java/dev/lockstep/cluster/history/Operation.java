package dev.lockstep.cluster.history;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An operation of JCache on one key, and the model it is judged by: a register that holds a value or nothing. Immutable; values
 * are tokens as {@link Call} demands them.
 */
public sealed interface Operation {

    /** The answer of an operation that took effect. */
    enum Answer {
        NOTHING,
        FLAG,
        VALUE
    }

    /**
     * The effect on a register.
     *
     * @param outcome what the caller is told
     * @param state what the register holds afterwards, null for nothing
     */
    record Effect(Outcome outcome, @Nullable String state) {}

    Effect on(@Nullable String state);

    Answer answer();

    /** The value that it may store; null when it stores none. */
    default @Nullable String written() {
        return null;
    }

    /** Tells whether it is a read, and so has a consistency. */
    default boolean isRead() {
        return false;
    }

    record Get() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), state);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }

        @Override
        public boolean isRead() {
            return true;
        }
    }

    record ContainsKey() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state != null), state);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }

        @Override
        public boolean isRead() {
            return true;
        }
    }

    record Put(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.DONE, written);
        }

        @Override
        public Answer answer() {
            return Answer.NOTHING;
        }
    }

    record GetAndPut(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), written);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }
    }

    record PutIfAbsent(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state == null), state == null ? written : state);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }

    record Remove() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state != null), null);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }

    /** {@code remove(key, expected)} */
    record RemoveIf(String expected) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            boolean holds = expected.equals(state);
            return new Effect(Outcome.of(holds), holds ? null : state);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }

    record GetAndRemove() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), null);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }
    }

    /** {@code replace(key, written)} */
    record Replace(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state != null), state == null ? null : written);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }

    /** {@code replace(key, expected, written)} */
    record ReplaceIf(String expected, String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            boolean holds = expected.equals(state);
            return new Effect(Outcome.of(holds), holds ? written : state);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }

    record GetAndReplace(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), state == null ? null : written);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }
    }

    /** {@code invoke} of a processor that stores a value whatever it sees, and returns what it saw. */
    record Swap(String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), written);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }
    }

    /**
     * {@code invoke} of a processor that stores a value if it sees the one expected, and returns what it saw.
     *
     * @param expected null: nothing
     * @param written null: the entry is removed
     */
    record CompareAndSet(
            @Nullable String expected, @Nullable String written) implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state), Objects.equals(state, expected) ? written : state);
        }

        @Override
        public Answer answer() {
            return Answer.VALUE;
        }
    }

    /** {@code removeAll} or {@code clear}: does not tell whether there was an entry. */
    record Erase() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.DONE, null);
        }

        @Override
        public Answer answer() {
            return Answer.NOTHING;
        }
    }

    /** A noted read: tells whether there is an entry, whose lifetime starts again, as a write does. */
    record Touch() implements Operation {
        @Override
        public Effect on(@Nullable String state) {
            return new Effect(Outcome.of(state != null), state);
        }

        @Override
        public Answer answer() {
            return Answer.FLAG;
        }
    }
}
