package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;

/**
 * The state of a replica in recovery. All but {@link Unread} are also in its files before the replica acts on them, so a crash
 * resumes there.
 *
 * <pre>
 * Unread transitions to:
 *    New:        it has no files, and its node has formed no cluster yet
 *    Lost:       its files are missing or corrupt, or it had lost them before
 *    Truncated:  its vote is corrupt, or its machine went down before it had synced its log
 *    CatchingUp: it had rejoined, and not caught up
 *    Intact:     its files are there and consistent
 *
 * New transitions to:
 *    Intact:     all other voters are new too
 *    Lost:       another voter has taken part before, or an operator has it rejoin
 *
 * Lost transitions to:
 *    CatchingUp: a majority of the others is intact, or an operator has it rejoin without leading
 *    Intact:     an operator has it rejoin, and lead if it is elected
 *
 * Truncated transitions to:
 *    CatchingUp: a majority of the others is intact, or an operator has it rejoin without leading
 *    Intact:     no majority is intact, but all others have their logs except for the end; or an operator has it rejoin
 *    Lost:       its log turned out to be corrupt
 *
 * CatchingUp transitions to:
 *    Intact:     an entry of a later term than its floor is on its disk, or an operator says so
 *    Lost:       its log turned out to be corrupt
 *
 * Intact transitions to:
 *    Lost:       its log turned out to be corrupt when it was opened
 * </pre>
 *
 * Whether it is open, or has stopped because its machine failed, is not part of it.
 */
public sealed interface ReplicaState {

    /** The integrity that it reports to others. */
    ReplicaIntegrity integrity();

    /** The highest term that it knows without its log being open; 0 if it knows none. */
    default long term() {
        return 0;
    }

    /** Tells whether it may vote for another. */
    default boolean mayVote() {
        return false;
    }

    /** Tells whether it waits for the others before it can be opened. */
    default boolean isWaiting() {
        return false;
    }

    default RejoinState rejoinState() {
        return new RejoinState(integrity(), term());
    }

    /** Its files have not been read yet. */
    record Unread() implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.NEW;
        }
    }

    /** A replica that has never taken part, and waits for the others to say the same of themselves. */
    record New() implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.NEW;
        }

        @Override
        public boolean isWaiting() {
            return true;
        }
    }

    /** A replica that has neither log nor votes, and waits to rejoin. */
    record Lost() implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.LOST;
        }

        @Override
        public boolean isWaiting() {
            return true;
        }
    }

    /** A replica that may lack its last vote or the end of its log, and waits to rejoin with what it has. */
    record Truncated(long term) implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.TRUNCATED;
        }

        @Override
        public boolean isWaiting() {
            return true;
        }
    }

    /**
     * A replica that has rejoined and follows, but is never elected.
     *
     * @param floor the highest term in which it may have voted before
     * @param mayVote whether it votes all the same, since an operator has said so
     */
    record CatchingUp(long floor, boolean mayVote) implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.CATCHING_UP;
        }

        @Override
        public long term() {
            return floor;
        }
    }

    /** A replica that has everything that it ever voted for and acknowledged. */
    record Intact() implements ReplicaState {

        @Override
        public ReplicaIntegrity integrity() {
            return ReplicaIntegrity.INTACT;
        }

        @Override
        public boolean mayVote() {
            return true;
        }
    }
}
