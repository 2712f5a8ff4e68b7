package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import org.jspecify.annotations.Nullable;

/**
 * The way of a request.
 *
 * @param to the member that it is sent to
 * @param passedOnTo the leader that the member shall pass it on to, because it does not answer here; null if the member is to answer
 */
public record Route(Member to, @Nullable NodeId passedOnTo) {

    /** Returns the request as it is sent on this way. */
    Request along(Request request) {
        return passedOnTo == null ? request : new Request.PassOn(passedOnTo, request);
    }

    /** Returns the member that is to answer in the end. */
    NodeId destination() {
        return passedOnTo == null ? to.id() : passedOnTo;
    }
}
