package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.function.Function;
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
import org.jspecify.annotations.Nullable;

/**
 * Raft over the links between nodes, as a transport of Ratis. Public, with a constructor without arguments, because Ratis
 * makes it by name.
 */
public final class LinkTransport implements RpcType {

    private static final String CONTEXT = "lockstep.transport";

    /**
     * The parts of a node that its transport uses.
     *
     * @param electionTimeout the shortest
     * @param gates those of this node's replicas by group; null for a group that it has no replica of
     * @param checkpoints of this node's replicas
     * @param catchUp the rate at which it fetches checkpoints, and sends entries to replicas that are far behind
     */
    public record Context(
            Links links,
            LeaderContacts contacts,
            Duration electionTimeout,
            Time time,
            Entropy entropy,
            Function<RaftGroupId, @Nullable ElectionGate> gates,
            CheckpointSource checkpoints,
            ByteRate catchUp) {

        /** Tells whether this node has an open replica of the group that can receive entries. */
        boolean isOpen(RaftGroupId group) {
            ElectionGate gate = gates.apply(group);
            return gate != null && gate.isOpen();
        }
    }

    public static Parameters parameters(Context context) {
        Parameters parameters = new Parameters();
        parameters.put(CONTEXT, context, Context.class);
        return parameters;
    }

    /** Returns what replicas use directly of a server that was built with this transport. */
    public static ReplicaTransport of(RaftServer server) {
        return rpc(server);
    }

    private static LinkServerRpc rpc(RaftServer server) {
        return (LinkServerRpc) server.getServerRpc(); // made below
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
        Context context = parameters.get(CONTEXT, Context.class);
        return new ServerFactory() {
            @Override
            public RpcType getRpcType() {
                return LinkTransport.this;
            }

            @Override
            public RaftServerRpc newRaftServerRpc(RaftServer server) {
                return new LinkServerRpc(LinkTransport.this, server, context);
            }

            @Override
            public LogAppender newLogAppender(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
                return new FollowerAppender(server, leader, follower, rpc(server.getRaftServer()));
            }
        };
    }
}
