package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * How a replica takes part again that has forgotten what it voted for, or entries that it has acknowledged: it asks all others for
 * their terms, begins in a term that is higher than each, and neither votes nor stands until it has got an entry of such a term from
 * a leader that was elected without it. ADR 16 says why that is enough. Pure.
 *
 * <p>The idea is that of the recovery of Viewstamped Replication Revisited (Liskov and Cowling, 2012), section 4.3.
 */
public final class RejoinProtocol {

    private RejoinProtocol() {}

    /** What a replica still knows of what it has said to the others. */
    public enum Memory {
        /** It has never said anything. */
        NEW,
        /** Nothing, neither its log nor its votes. */
        LOST,
        /** All but the last, before its machine lost power. */
        SHORTENED,
        /** Nothing of what was before it began again; it does not vote yet. */
        CATCHING_UP,
        /** Everything. */
        WHOLE;

        private static final Memory[] ALL = values();
    }

    /**
     * What a replica says of itself.
     *
     * @param term the highest that it knows; 0 if it knows none
     */
    public record Standing(Memory memory, long term) {

        public void write(WireWriter out) {
            out.u8(memory.ordinal()).i64(term);
        }

        /** @throws MalformedFrameException when there is none */
        public static Standing read(WireReader in) {
            int memory = in.u8();
            if (memory >= Memory.ALL.length) {
                throw new MalformedFrameException("There is no memory " + memory);
            }
            return new Standing(Memory.ALL[memory], in.i64());
        }
    }

    /** What a replica has to do. */
    public sealed interface Decision {

        /** @param why it can't begin yet */
        record Wait(String why) implements Decision {}

        /** It has been there before, and what it had is lost: it is to decide as one that has. */
        record FindLost() implements Decision {}

        /**
         * @param term to begin in, or a higher one
         * @param votes whether it may vote at once
         */
        record Begin(long term, boolean votes) implements Decision {}
    }

    /**
     * What a replica does that is not {@link Memory#WHOLE}.
     *
     * @param others all other voters
     * @param answers what they have said since this replica forgot what it knew, each the last
     * @param seenNew those that have said meanwhile that they were new
     */
    static <P> Decision decide(Standing own, Collection<P> others, Map<P, Standing> answers, Set<P> seenNew) {
        return switch (own.memory()) {
            case NEW -> first(others, answers, seenNew);
            case LOST, SHORTENED -> again(own, others, answers);
            case CATCHING_UP, WHOLE -> throw new IllegalArgumentException("It has begun already: " + own);
        };
    }

    /**
     * All have to say that they are new too: one that knows nothing may be one that has lost everything. They learn that of each
     * other by asking, so one that has begun meanwhile is no reason to wait.
     */
    private static <P> Decision first(Collection<P> others, Map<P, Standing> answers, Set<P> seenNew) {
        for (P other : others) {
            Standing answer = answers.get(other);
            if (answer != null && answer.memory() != Memory.NEW && !seenNew.contains(other)) {
                return new Decision.FindLost();
            }
        }
        return seenNew.containsAll(others)
                ? new Decision.Begin(0, true)
                : new Decision.Wait(
                        "it starts with an empty folder, and has to hear from all the others whether they do too; "
                                + missing(others, seenNew) + " did not answer yet");
    }

    private static <P> Decision again(Standing own, Collection<P> others, Map<P, Standing> answers) {
        long term = own.term();
        int whole = 0;
        boolean lost = own.memory() == Memory.LOST;
        for (P other : others) {
            Standing answer = answers.get(other);
            if (answer == null) {
                return new Decision.Wait("it has to hear from all the others which term they are in; "
                        + missing(others, answers.keySet()) + " did not answer yet");
            }
            term = Math.max(term, answer.term());
            whole += answer.memory() == Memory.WHOLE ? 1 : 0;
            lost |= answer.memory() == Memory.LOST || answer.memory() == Memory.NEW;
        }
        int majority = (others.size() + 1) / 2 + 1;
        if (whole >= majority) {
            return new Decision.Begin(term + 1, false);
        }
        if (!lost) { // all have their logs but for the end: that is what it means to sync in the background
            return new Decision.Begin(term + 1, true);
        }
        return new Decision.Wait("of " + (others.size() + 1) + " replicas only " + whole
                + " have all that they ever acknowledged, which is no majority: " + answers
                + ". If the others can't be given their files back, see \"lockstep shard recover\"");
    }

    private static <P> String missing(Collection<P> others, Collection<P> heard) {
        return others.stream().filter(other -> !heard.contains(other)).toList().toString();
    }
}
