package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.runtime.Time;

/**
 * The times at which a proposal passes the steps of its way through the log. Written by threads of the log, before the proposal is answered, and
 * to be read after that; a step that was not reached, or that the log does not tell, has none.
 */
public final class ProposalSteps {

    /** The time of a step that has none. */
    public static final long NONE = Long.MIN_VALUE;

    private final Time time;
    private final long proposedNanos;
    private volatile long appendedNanos = NONE;
    private volatile long committedNanos = NONE;

    /** Begins now, with the proposal. */
    public ProposalSteps(Time time) {
        this.time = time;
        this.proposedNanos = time.nanos();
    }

    /** The leader's log has taken the entry. */
    public void appended() {
        appendedNanos = time.nanos();
    }

    /** A majority has the entry, and it is about to be applied. */
    public void committed() {
        committedNanos = time.nanos();
    }

    public long proposedNanos() {
        return proposedNanos;
    }

    public long appendedNanos() {
        return appendedNanos;
    }

    public long committedNanos() {
        return committedNanos;
    }
}
