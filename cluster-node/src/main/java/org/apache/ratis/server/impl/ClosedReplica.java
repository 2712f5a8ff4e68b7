package org.apache.ratis.server.impl;

import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.NullMarked;

/**
 * Ends the role of a replica that Ratis has closed. {@code RaftServerImpl.close} does so without the server's monitor: a message that was
 * being handled meanwhile, or a leader that lost its majority, may make it a follower again afterwards, whose thread would wait
 * for elections for ever and keep the replica in memory.
 *
 * <p>Lives in Ratis' package, since roles are visible there only.
 */
@NullMarked
public final class ClosedReplica {

    private ClosedReplica() {}

    /**
     * Waits for the message that is being handled, and ends the role that it has begun; a closed replica handles no further one. Not to
     * be called while it closes: Ratis may close it with the monitor held.
     */
    public static void endRole(RaftServer.Division closed) {
        RaftServerImpl server = (RaftServerImpl) closed;
        RoleInfo role = server.getRole();
        synchronized (server) {
            role.shutdownFollowerState();
            role.shutdownLeaderElection();
            role.shutdownLeaderState(true);
            // A leader whose thread has not ended yet may still step down; a follower would begin nothing by that.
            role.transitionRole(RaftPeerRole.FOLLOWER);
        }
    }
}
