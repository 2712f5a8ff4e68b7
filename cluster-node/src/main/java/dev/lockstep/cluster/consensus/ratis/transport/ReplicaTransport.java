package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import java.util.List;
import java.util.function.Consumer;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/**
 * The messages that this node's replicas exchange with those of other nodes and that Ratis does not send by itself.
 * Thread-safe.
 */
public interface ReplicaTransport extends CheckpointFetcher, RaftPeer.Add {

    /**
     * Learns the members of the cluster, any of which may lead a group. Where they are reached counts for more than the addresses in
     * Ratis' configurations: those are never changed.
     */
    void members(List<Member> now);

    /** Answers a message of another node; see {@link dev.lockstep.cluster.consensus.Consensus#serve}. */
    void serve(Bytes message, Consumer<Reply> answer);

    /**
     * Sends this replica's rejoin state to a peer and asks for the peer's.
     *
     * @param answer takes it, or null if there was none; called once, on any thread
     */
    void askForRejoinState(RaftPeerId peer, RaftGroupId group, RejoinState own, Consumer<@Nullable RejoinState> answer);

    /** The follower of a group led here that has most of its log, but for one; null if there is no other. */
    @Nullable
    RaftPeerId furthestFollower(RaftGroupId group, RaftPeerId but);

    /**
     * Has a follower stand for election at once that has written more of the log than its leader, which is on this node. Returns at
     * once, whatever the leader is waiting for.
     *
     * @param tried which is asked only if there is no other
     * @return the one that is asked; null if there is none
     */
    @Nullable
    RaftPeerId electAnother(RaftServer.Division leader, @Nullable RaftPeerId tried);
}
