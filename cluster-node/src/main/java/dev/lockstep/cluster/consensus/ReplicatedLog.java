package dev.lockstep.cluster.consensus;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One replica of a replicated log, as we need it: entries are proposed on the leader and applied everywhere, in the same
 * order, by the {@link LogMachine} it was opened with. Thread-safe.
 *
 * @param <E> the entries
 * @param <R> the result of an entry, for its proposer
 */
public interface ReplicatedLog<E, R> extends AutoCloseable {

    /**
     * Proposes an entry. Completes once the entry is committed and applied here, with the machine's result, on the
     * thread that applies. Fails with {@link NotLeaderException} or {@link EntryTooLargeException} when it was certainly
     * not appended, with {@link UnknownOutcomeException} when it may yet be applied.
     *
     * @param entry immutable: this replica applies the very object
     */
    CompletableFuture<R> propose(E entry);

    /**
     * Likewise.
     *
     * @param steps notes how far it is, if this log can tell
     */
    default CompletableFuture<R> propose(E entry, ProposalSteps steps) {
        return propose(entry);
    }

    /**
     * Returns the log whose proposals this one measures, if it does so; otherwise this. Each read asks several things of a log, and takes
     * tenths of a microsecond in all, so that a step in between is a few percent of it.
     */
    default ReplicatedLog<E, R> unmeasured() {
        return this;
    }

    /** Tells whether this is the only replica there will ever be, so that entries are committed and applied by the threads that propose. */
    default boolean isAlone() {
        return false;
    }

    /** Returns this replica's view of the group's leader, at this moment. Cheap: called for each read. */
    Leadership leadership();

    /**
     * Tells whether the current configuration of voters is committed. Until then it may be undone by another leader, also the end of a joint
     * change, which a new leader appends as soon as it leads. The voters of a log in memory never change.
     */
    default boolean votersAreCommitted() {
        return true;
    }

    /** The highest position known to be committed here. On a leader that is {@link Leadership#ready} it bounds every entry acknowledged so far. */
    long commitPosition();

    /**
     * The highest position known to be committed, whether its entry is here or not. An upper bound of what this replica has to apply: it
     * may be that of an entry of the log's own, which is not applied.
     */
    default long knownCommitPosition() {
        return commitPosition();
    }

    /** The highest position applied here. */
    long appliedPosition();

    /**
     * Nanoseconds since this replica last heard from a leader of its term; 0 on a leader itself, {@link Long#MAX_VALUE} when
     * it never has or has stopped.
     */
    long sinceLeaderContactNanos();

    /** Gives leadership up if it has it: to {@code successor}, or to whomever the others elect. */
    void stepDown(@Nullable NodeId successor);

    /**
     * Changes the voters of the group, if this replica leads it and they are what the caller takes them for. New ones are staged
     * first: they are sent the log or a checkpoint, and count once they have caught up. A failure says nothing of whether the change
     * will come about: {@link Leadership#voters} does.
     *
     * @param to at least one of them is in {@code from}, and this replica's node is
     * @return done once the change is committed
     */
    default CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        return CompletableFuture.failedFuture(
                new UnsupportedOperationException("A log in memory has this replica and no others"));
    }

    /**
     * A piece of the newest checkpoint, if that is not behind a position; otherwise null, and one is taken after the next entry that is
     * applied. Never blocks the caller.
     *
     * @return fails where there are no checkpoints
     */
    default CompletableFuture<@Nullable CheckpointPiece> checkpoint(long since, CheckpointPiece.Wanted wanted) {
        return CompletableFuture.failedFuture(
                new UnsupportedOperationException("A log in memory has no checkpoints, and so no backup"));
    }

    /**
     * Discards the state of the machine, which can't be relied on: hands nothing further to it, and has it recovered
     * from other replicas when the log is opened the next time. The default has nothing to recover it from.
     *
     * @param cause what has happened, human-readable
     */
    default void lose(String cause) {
        close();
    }

    /** Hands nothing further to the machine, and fails what waits. Idempotent. */
    @Override
    void close();

    /**
     * A replica's view of its group's leader, and of its own role.
     *
     * @param term its current term; rises before it grants a vote
     * @param ready whether it leads and has applied an entry of its own term, so that its commit position is current
     * @param leader the leader in that term, if known
     * @param voters the voters of the current configuration, and in a joint change those of the previous one too; a
     *     decision needs a majority in each
     */
    record Leadership(
            long term,
            boolean leads,
            boolean ready,
            @Nullable NodeId leader,
            List<Set<NodeId>> voters) {}
}
