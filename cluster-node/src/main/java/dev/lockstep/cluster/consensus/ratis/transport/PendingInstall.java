package dev.lockstep.cluster.consensus.ratis.transport;

import java.io.IOException;
import org.apache.ratis.server.protocol.TermIndex;

/**
 * The checkpoint that a replica fetches since the log of its leader does not reach back to what it has, until that is installed or
 * abandoned. Ratis installs one with a notification of a leader, or learns with one that there is none. Thread-safe.
 */
public interface PendingInstall {

    /** The value of {@link #end} while the checkpoint is being fetched. */
    long NOT_FETCHED = -1;

    /** The begin of the log of the leader that said it was needed. */
    TermIndex wantedFrom();

    /** The position at which the fetched checkpoint ends, or {@link #NOT_FETCHED}. */
    long end();

    /**
     * Has Ratis install it with the next notification, and a start restore it, once it was fetched. Ratis must have the configuration that
     * belongs to it by then. Does not have Ratis install one that was abandoned.
     */
    void offer() throws IOException;

    /** Has Ratis do without it from the next notification on. Does nothing if it was offered. */
    void abandon();
}
