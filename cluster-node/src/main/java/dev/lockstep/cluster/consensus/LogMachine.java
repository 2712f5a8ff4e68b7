package dev.lockstep.cluster.consensus;

import dev.lockstep.cluster.checkpoint.Checkpointed;

/**
 * The state machine that a replicated log drives. {@link #apply} is called by one thread at a time, in order, once for each entry, the same
 * on all replicas; it must depend on nothing but the entries. In place of entries a replica may be given a checkpoint.
 */
public interface LogMachine extends Checkpointed {

    /**
     * Applies a committed entry.
     *
     * @param position rises, with gaps (a log has entries of its own)
     * @return the answer for the proposer; refusals are values
     * @throws RuntimeException only when this replica must not go on: it stops
     */
    Object apply(long position, byte[] entry);

    /** This replica's {@link ReplicatedLog.Standing} has changed. Must not block. */
    void standingChanged();
}
