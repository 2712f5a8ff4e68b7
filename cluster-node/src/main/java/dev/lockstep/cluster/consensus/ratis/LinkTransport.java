package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.time.Duration;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;

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
     * @param votes makes votes last
     */
    record Wires(Links links, LeaderContacts contacts, Duration electionTimeout, Time time, Votes votes) {

        /** Where votes need outlive only the process. */
        Wires(Links links, LeaderContacts contacts, Duration electionTimeout, Time time) {
            this(links, contacts, electionTimeout, time, group -> {});
        }
    }

    /** Makes what this node has voted in a group last as long as its durability says. */
    interface Votes {
        void keep(RaftGroupId group) throws IOException;
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
