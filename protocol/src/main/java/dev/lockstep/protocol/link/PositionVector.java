package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Versions;

/**
 * How far a session had seen each shard at one moment: whatever begins after the moment gets a later position. Immutable.
 */
public final class PositionVector {

    private final long[] positions;

    PositionVector(long[] positions) {
        this.positions = positions;
    }

    /** Whether a version of a shard is of a later change than any that had been seen. */
    public boolean isBefore(int shard, long version) {
        return version > Versions.lastAt(positions[shard]);
    }

    public long position(int shard) {
        return positions[shard];
    }
}
