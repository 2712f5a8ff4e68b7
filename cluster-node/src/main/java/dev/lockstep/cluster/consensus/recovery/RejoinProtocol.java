package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * The rejoin protocol of a replica that has lost its vote or log entries that it acknowledged: it asks all others for their
 * terms, rejoins in a term higher than each, and neither votes nor campaigns until it has an entry of such a term from a leader
 * that was elected without it. ADR 16 proves it safe. Pure.
 *
 * <p>The idea is that of the recovery of Viewstamped Replication Revisited (Liskov and Cowling, 2012), section 4.3.
 */
public final class RejoinProtocol {

    private RejoinProtocol() {}

    /**
     * A replica's description of itself to the others.
     *
     * @param term the highest that it knows; 0 if it knows none
     */
    public record RejoinState(ReplicaIntegrity integrity, long term) {

        public void write(WireWriter out) {
            out.u8(integrity.ordinal()).i64(term);
        }

        /** @throws dev.lockstep.protocol.wire.MalformedFrameException when there is none */
        public static RejoinState read(WireReader in) {
            return new RejoinState(ReplicaIntegrity.of(in.u8()), in.i64());
        }
    }

    /** The next step of a replica in recovery. */
    public sealed interface Decision {

        /** @param why it can't begin yet */
        record Wait(String why) implements Decision {}

        /** The decision that the replica has taken part before, and lost its state: it decides again as such a one. */
        record FindLost() implements Decision {}

        /**
         * @param term to begin in, or a higher one
         * @param votes whether it may vote at once
         */
        record Begin(long term, boolean votes) implements Decision {}
    }

    /**
     * Decides the next step of a replica that is not {@link ReplicaIntegrity#INTACT}.
     *
     * @param others all other voters
     * @param answers the last of each since this replica lost its state
     * @param seenNew those that have said meanwhile that they were new
     */
    static <P> Decision decide(RejoinState own, Collection<P> others, Map<P, RejoinState> answers, Set<P> seenNew) {
        return switch (own.integrity()) {
            case NEW -> first(others, answers, seenNew);
            case LOST, TRUNCATED -> again(own, others, answers);
            case CATCHING_UP, INTACT -> throw new IllegalArgumentException("It has begun already: " + own);
        };
    }

    /**
     * Decides for a replica that knows nothing: all have to say that they are new too. One that knows nothing may be
     * one that has lost everything. They learn that of each other by asking, so one that has begun meanwhile is no
     * reason to wait.
     */
    private static <P> Decision first(Collection<P> others, Map<P, RejoinState> answers, Set<P> seenNew) {
        for (P other : others) {
            RejoinState answer = answers.get(other);
            if (answer != null && answer.integrity() != ReplicaIntegrity.NEW && !seenNew.contains(other)) {
                return new Decision.FindLost();
            }
        }
        return seenNew.containsAll(others)
                ? new Decision.Begin(0, true)
                : new Decision.Wait(
                        "it starts with an empty folder, and has to hear from all the others whether they do too; "
                                + missing(others, seenNew) + " did not answer yet");
    }

    private static <P> Decision again(RejoinState own, Collection<P> others, Map<P, RejoinState> answers) {
        long term = own.term();
        int intact = 0;
        boolean lost = own.integrity() == ReplicaIntegrity.LOST;
        for (P other : others) {
            RejoinState answer = answers.get(other);
            if (answer == null) {
                return new Decision.Wait("it has to hear from all the others which term they are in; "
                        + missing(others, answers.keySet()) + " did not answer yet");
            }
            term = Math.max(term, answer.term());
            intact += answer.integrity() == ReplicaIntegrity.INTACT ? 1 : 0;
            lost |= answer.integrity() == ReplicaIntegrity.LOST || answer.integrity() == ReplicaIntegrity.NEW;
        }
        int majority = (others.size() + 1) / 2 + 1;
        if (intact >= majority) {
            return new Decision.Begin(term + 1, false);
        }
        if (!lost) { // all have their logs but for the end: that is what it means to sync in the background
            return new Decision.Begin(term + 1, true);
        }
        return new Decision.Wait("the shard has lost its quorum: of " + (others.size() + 1) + " replicas only " + intact
                + " have everything that they acknowledged, which is no majority: " + answers
                + ". If the others can't be given their files back, see \"lockstep shard recover\"");
    }

    private static <P> String missing(Collection<P> others, Collection<P> heard) {
        return others.stream().filter(other -> !heard.contains(other)).toList().toString();
    }
}
