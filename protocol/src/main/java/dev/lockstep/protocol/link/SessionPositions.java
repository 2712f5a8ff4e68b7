package dev.lockstep.protocol.link;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The positions that a session has observed: for each shard the highest log position that it was acknowledged or has
 * read, and the latest time by which it judged expiry there. Only ever rises. Thread-safe, lock-free.
 */
public final class SessionPositions {

    private final AtomicLongArray positions;
    private final AtomicLongArray judgedAt;

    public SessionPositions(int shards) {
        this.positions = new AtomicLongArray(shards);
        this.judgedAt = new AtomicLongArray(shards);
    }

    /** The session's position in a shard; 0 when it has seen nothing there. */
    public long position(int shard) {
        return positions.get(shard);
    }

    /** The latest time of a shard's log, in milliseconds, by which expiry was judged there. */
    public long judgedAtMillis(int shard) {
        return judgedAt.get(shard);
    }

    /** Returns all positions at this moment, none of them later than it is. */
    public PositionVector moment() {
        long[] copy = new long[positions.length()];
        for (int shard = 0; shard < copy.length; shard++) {
            copy[shard] = positions.get(shard);
        }
        return new PositionVector(copy);
    }

    /** The session has seen {@code position} of {@code shard}. */
    public void saw(int shard, long position) {
        if (positions.get(shard) < position) {
            positions.accumulateAndGet(shard, position, Math::max);
        }
    }

    /** The session has judged the expiry of an entry of {@code shard} by {@code millis}. */
    public void judged(int shard, long millis) {
        if (judgedAt.get(shard) < millis) {
            judgedAt.accumulateAndGet(shard, millis, Math::max);
        }
    }
}
