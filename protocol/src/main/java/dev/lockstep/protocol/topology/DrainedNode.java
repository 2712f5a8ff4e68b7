package dev.lockstep.protocol.topology;

import org.jspecify.annotations.Nullable;

/**
 * The node that is drained at this moment, of which a cluster has one at most: it goes on as a member, but leads nothing, so that it
 * can be stopped without a caller noticing. Immutable.
 *
 * @param revision rises with every change
 * @param node null if none is
 */
public record DrainedNode(int revision, @Nullable NodeId node) {

    /** A cluster in which no node has ever been drained. */
    public static final DrainedNode NONE = new DrainedNode(0, null);
}
