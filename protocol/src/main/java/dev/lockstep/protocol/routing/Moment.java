package dev.lockstep.protocol.routing;

/**
 * How far a session had seen each shard at one moment: whatever begins after the moment gets a later position. Immutable.
 */
public final class Moment {

    private final long[] positions;

    Moment(long[] positions) {
        this.positions = positions;
    }

    long position(int shard) {
        return positions[shard];
    }
}
