package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.Amnesia.Standing;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.time.Duration;
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
     * @param votes of this node
     */
    record Wires(Links links, LeaderContacts contacts, Duration electionTimeout, Time time, Votes votes) {}

    /** What this node has promised in each group, and may promise. Thread-safe. */
    interface Votes {

        /** Whether its replica has been looked at and can be sent entries. */
        boolean isOpen(RaftGroupId group);

        /** Whether its replica may vote for another: not if it has forgotten whom it voted for, or what it acknowledged. */
        boolean mayVote(RaftGroupId group);

        /** Whether its replica may be elected. */
        boolean mayStand(RaftGroupId group);

        /** Makes what has been voted last as long as the node's durability says. */
        void keep(RaftGroupId group) throws IOException;

        /**
         * A replica that has forgotten what it said asks the one here.
         *
         * @return null if there is none, or it can't tell at the moment
         */
        @Nullable
        Standing asked(RaftGroupId group, RaftPeerId from, Standing standing);
    }

    static Parameters parameters(Wires wires) {
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
                return new LinkAppender(server, leader, follower, rpc);
            }
        };
    }
}
