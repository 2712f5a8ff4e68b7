package dev.lockstep.cluster.history;

import java.util.List;

/** A checker's verdict on the calls of one key. Immutable. Only {@link Ok} is a pass. */
public sealed interface Verdict {

    String key();

    /** @param order in which the calls that are no session reads can have happened; of unknown ones those that must have */
    record Ok(String key, List<Call> order) implements Verdict {}

    /**
     * @param rule that is broken
     * @param calls a part of the history that is wrong by itself
     * @param explanation lines of text: what can have happened at most, and which calls then can't have
     */
    record Violation(String key, Rule rule, List<Call> calls, String explanation) implements Verdict {
        @Override
        public String toString() {
            return explanation;
        }
    }

    /** The verdict of a check that was given up. @param steps after which it was given up */
    record Unknown(String key, Rule rule, long steps) implements Verdict {
        @Override
        public String toString() {
            return "key %s: not decided whether it is %s after %,d steps".formatted(key, rule.adjective(), steps);
        }
    }

    /** The guarantees. */
    enum Rule {
        /** Every operation but session reads takes effect at one moment between its call and its return. */
        LINEARIZABLE("linearizable"),
        /** A client's session reads never go back behind what it was acknowledged or has read. */
        SESSION("what a session may see");

        private final String adjective;

        Rule(String adjective) {
            this.adjective = adjective;
        }

        String adjective() {
            return adjective;
        }
    }
}
