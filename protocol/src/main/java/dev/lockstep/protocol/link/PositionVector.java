package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Versions;

/**
 * The positions that a session had observed at one moment, shard by shard: whatever begins after the moment gets a
 * later position. Immutable.
 */
public final class PositionVector {

    private final long[] positions;

    PositionVector(long[] positions) {
        this.positions = positions;
    }

    /** Tells whether a version belongs to a later change of its shard than any that had been observed. */
    public boolean isBefore(int shard, long version) {
        return version > Versions.lastAt(positions[shard]);
    }

    public long position(int shard) {
        return positions[shard];
    }
}
