package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Standing;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.jspecify.annotations.Nullable;

/**
 * Raft over the links between nodes, as a transport of Ratis. Public, with a constructor without arguments, because Ratis
 * makes it by name.
 */
public final class LinkTransport implements RpcType {

    private static final String WIRES = "lockstep.wires";

    /**
     * What the transport is made of.
     *
     * @param electionTimeout the shortest
     * @param votes of this node's replica of a group; null if it has none
     */
    public record Wires(
            Links links,
            LeaderContacts contacts,
            Duration electionTimeout,
            Time time,
            Entropy entropy,
            Function<RaftGroupId, @Nullable Votes> votes) {}

    /** What a replica has promised the others, and may promise. Thread-safe. */
    public interface Votes {

        /** Whether it has been looked at and can be sent entries. */
        boolean isOpen();

        /** Whether it may vote for another: not if it has forgotten whom it voted for, or what it acknowledged. */
        boolean mayVote();

        /** Whether it may be elected. */
        boolean mayStand();

        /** Makes what has been voted last as long as the node's durability says. */
        void keep() throws IOException;

        /**
         * A replica that has forgotten what it said asks this one.
         *
         * @return null if it can't tell at the moment
         */
        @Nullable
        Standing asked(RaftPeerId from, Standing standing);
    }

    public static Parameters parameters(Wires wires) {
        Parameters parameters = new Parameters();
        parameters.put(WIRES, wires, Wires.class);
        return parameters;
    }

    @Override
    public String name() {
        return LinkTransport.class.getName();
    }

    /** Ratis writes the type into its properties by this. */
    @Override
    public String toString() {
        return name();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        Wires wires = parameters.get(WIRES, Wires.class);
        return new ServerFactory() {
            @Override
            public RpcType getRpcType() {
                return LinkTransport.this;
            }

            @Override
            public RaftServerRpc newRaftServerRpc(RaftServer server) {
                return new LinkRpc(LinkTransport.this, server, wires);
            }

            @Override
            public LogAppender newLogAppender(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
                LinkRpc rpc = (LinkRpc) server.getRaftServer().getServerRpc();
                return new FollowerAppender(server, leader, follower, rpc);
            }
        };
    }
}
