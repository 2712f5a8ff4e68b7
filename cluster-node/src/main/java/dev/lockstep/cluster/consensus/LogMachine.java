package dev.lockstep.cluster.consensus;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import java.nio.ByteBuffer;

/**
 * The state machine driven by a replicated log. {@link #apply} is called by one thread at a time, in order, once for each
 * entry, the same on all replicas; it must depend on nothing but the entries. In place of entries a replica may be given a
 * checkpoint.
 *
 * @param <E> the entries. Immutable: the leader applies the object that was proposed, all others what they decode of its bytes
 * @param <R> the result of an entry, for its proposer
 */
public interface LogMachine<E, R> extends Checkpointed {

    /** Returns the bytes of an entry, for the log and for other replicas. */
    byte[] encode(E entry);

    /** Returns the entry that these are the bytes of. */
    E decode(byte[] bytes);

    /**
     * Applies a committed entry.
     *
     * @param position rises, with gaps (a log has entries of its own)
     * @return the result for the proposer; refusals are values
     * @throws RuntimeException only when this replica must not go on: it stops
     */
    R apply(long position, E entry);

    /** Applies a committed entry that came as bytes: from another replica, or from the log after a restart. */
    default R replay(long position, byte[] bytes) {
        return apply(position, decode(bytes));
    }

    /**
     * Tells whether to apply an entry may take long, whatever its size, so that it is not done on a thread that others wait for.
     *
     * @param bytes of the entry; not to be changed
     */
    default boolean takesLong(ByteBuffer bytes) {
        return false;
    }

    /** Called when this replica's {@link ReplicatedLog.Leadership} has changed. Must not block. */
    void leadershipChanged();
}
