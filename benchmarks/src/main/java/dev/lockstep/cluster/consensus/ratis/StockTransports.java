package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointFetch;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.ReplicaTransport;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.netty.NettyConfigKeys;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;

/**
 * Raft over the transports that come with Ratis, which listen at the member's own address. Only to be compared with: leader
 * contacts are not noted, and the commit of a first entry is not safe.
 */
public final class StockTransports {

    private StockTransports() {}

    public static Consensus netty(RatisSettings settings) throws IOException {
        return consensus(settings, SupportedRpcType.NETTY, properties -> {
            NettyConfigKeys.Server.setHost(properties, settings.self().host());
            NettyConfigKeys.Server.setPort(properties, settings.self().port());
            TimeDuration patience = RaftServerConfigKeys.Rpc.requestTimeout(properties);
            RaftClientConfigKeys.Rpc.setRequestTimeout(properties, patience); // also that of calls between servers
        });
    }

    public static Consensus grpc(RatisSettings settings) throws IOException {
        return consensus(settings, SupportedRpcType.GRPC, properties -> {
            GrpcConfigKeys.Server.setHost(properties, settings.self().host());
            GrpcConfigKeys.Server.setPort(properties, settings.self().port());
        });
    }

    private interface Further {
        void into(RaftProperties properties);
    }

    private static Consensus consensus(RatisSettings settings, RpcType type, Further further) throws IOException {
        return new RatisConsensus(
                settings,
                new LeaderContacts(Time.system()),
                (contacts, gates, checkpoints) -> new RatisConsensus.Transport(
                        properties -> {
                            RaftConfigKeys.Rpc.setType(properties, type);
                            // Ratis' own appenders tell followers of a commit by an entry, or not before the next
                            // heartbeat.
                            RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, true);
                            RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, true);
                            further.into(properties);
                        },
                        new Parameters(),
                        server -> new UnconnectedReplicas()),
                LogDisk.SYSTEM,
                Time.system(),
                fault -> {});
    }

    /** No messages but those of Ratis: all replicas are new, and none fetches a checkpoint. */
    private static final class UnconnectedReplicas implements ReplicaTransport {

        @Override
        public void members(List<Member> now) {
            // Ratis has the addresses.
        }

        @Override
        public void serve(Bytes message, Consumer<Reply> answer) {
            answer.accept(Reply.Refused.of(Status.INVALID, "Raft has a transport of its own"));
        }

        @Override
        public void askForRejoinState(
                RaftPeerId peer, RaftGroupId group, RejoinState own, Consumer<@Nullable RejoinState> answer) {
            answer.accept(new RejoinState(ReplicaIntegrity.NEW, 0));
        }

        @Override
        public @Nullable RaftPeerId furthestFollower(RaftGroupId group, RaftPeerId but) {
            return null;
        }

        @Override
        public @Nullable RaftPeerId electAnother(RaftServer.Division leader, @Nullable RaftPeerId tried) {
            return null;
        }

        @Override
        public CompletableFuture<Restored> fetch(
                RaftPeerId peer,
                RaftGroupId group,
                CheckpointFolder folder,
                Supplier<Restoration> restorations,
                long least,
                CheckpointFetch.Progress progress) {
            return CompletableFuture.failedFuture(
                    new IOException("Checkpoints come over no other transport than ours"));
        }

        @Override
        public void addRaftPeers(Collection<RaftPeer> peers) {}
    }
}
