package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.routing.RequestServer;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;

/** A Ratis server on our transport with one group, which takes snapshots often and keeps no log behind them. */
final class CheckpointedNode implements AutoCloseable {

    private static final String CLUSTER = "checkpointed";
    private static final RaftGroupId GROUP = Peers.groupId(CLUSTER, 0);
    private static final Duration ELECTION = Duration.ofMillis(300);
    private static final int ENTRIES_A_SNAPSHOT = 1_000;

    private final CheckpointedMachine machine = new CheckpointedMachine();
    private final ClientId client = ClientId.randomId();
    private final NettyLinks links;
    private final RaftServer server;
    private final NettyListener listener;

    /** @param folder what was left in it is recovered */
    CheckpointedNode(Member self, List<Member> seen, File folder) throws IOException {
        RatisSettings settings = new RatisSettings(
                CLUSTER, self, seen, folder.toPath(), Durability.PROCESS, ELECTION, RatisSettings.MAX_ENTRY_BYTES);
        links = new NettyLinks(CLUSTER, self.id(), Duration.ofSeconds(1), 10_000);
        Files.createDirectories(folder.toPath());
        var wires = new LinkTransport.Wires(links, new LeaderContacts(Time.system()), ELECTION, Time.system());
        server = RaftServer.newBuilder()
                .setServerId(Peers.id(self.id()))
                .setProperties(properties(settings, folder))
                .setParameters(LinkTransport.parameters(wires))
                .setStateMachineRegistry(group -> machine)
                .build();
        server.start();
        listener = new NettyListener(self.host(), self.port(), CLUSTER, self.id(), 16 << 20, this::connect);
        if (!server.getGroupIds().iterator().hasNext()) {
            List<NodeId> all = seen.stream().map(Member::id).toList();
            server.groupManagement(GroupManagementRequest.newAdd(
                    client, server.getId(), CallId.getAndIncrement(), Peers.group(GROUP, all, seen), false));
        }
    }

    private static RaftProperties properties(RatisSettings settings, File folder) throws IOException {
        RaftProperties properties = LeanProperties.of(settings);
        RaftConfigKeys.Rpc.setType(properties, new LinkTransport());
        LeanProperties.keepIn(properties, folder, new File(folder, "removed"));
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, ENTRIES_A_SNAPSHOT);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("16KB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("16KB"));
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, true);
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(properties, SizeInBytes.valueOf("4KB"));
        return properties;
    }

    private RequestServer.Connection connect(@Nullable NodeId peer, RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                ((LinkRpc) server.getServerRpc())
                        .serve(((Request.ToLog) request).message(), reply -> replies.send(correlationId, reply));
            }

            @Override
            public void closed() {}
        };
    }

    CheckpointedMachine machine() {
        return machine;
    }

    RaftServer.Division division() throws IOException {
        return server.getDivision(GROUP);
    }

    CompletableFuture<RaftClientReply> propose(long number) throws IOException {
        ByteString content = ByteString.copyFrom(ByteBuffer.allocate(8).putLong(0, number));
        return ((RaftClientAsynchronousProtocol) division())
                .submitClientRequestAsync(RaftClientRequest.newBuilder()
                        .setClientId(client)
                        .setServerId(server.getId())
                        .setGroupId(GROUP)
                        .setCallId(CallId.getAndIncrement())
                        .setMessage(Message.valueOf(content))
                        .setType(RaftClientRequest.writeRequestType())
                        .build());
    }

    @Override
    public void close() throws IOException {
        server.close();
        listener.close();
        links.close();
    }
}
