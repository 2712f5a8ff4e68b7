package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.netty.NettyRpcProxy;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.proto.netty.NettyProtos.RaftNettyServerRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.netty.channel.nio.NioEventLoopGroup;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A follower over TCP, to whom the test plays two leaders, of which the first is replaced before anybody else has its entry. */
class FirstEntryIT {

    private static final int GROUP = 3;

    @TempDir
    Path home;

    private final List<Member> members = MemberPorts.reserve(3).stream()
            .map(ports -> new Member(new NodeId(ports.id()), "127.0.0.1", ports.raftPort()))
            .toList();
    private final RecordingMachine machine = new RecordingMachine();
    private NettyRpcProxy follower;

    @Test
    @SuppressWarnings("deprecation") // Ratis' shaded Netty has no other event loop that every machine can run.
    void aHeartbeatDoesNotCommitWhatWasNotCompared() throws Exception {
        // Long time-outs: the follower shall not become a candidate in between.
        RatisSettings settings = new RatisSettings(
                "first", members.get(0), members, home, Duration.ofSeconds(60), RatisSettings.MAX_ENTRY_BYTES);
        RaftPeer peer = RaftPeer.newBuilder()
                .setId("n1")
                .setAddress("127.0.0.1:" + members.get(0).port())
                .build();
        NioEventLoopGroup loops = new NioEventLoopGroup(1);
        try (RatisConsensus consensus = new RatisConsensus(settings, Time.system())) {
            consensus.open(GROUP, members.stream().map(Member::id).toList(), machine);
            follower = new NettyRpcProxy(peer, new RaftProperties(), loops);
            assertThat(append("n2", 1, -1, entry(1, 0, "of the first leader"))).isEqualTo(AppendResult.SUCCESS);
            assertThat(append("n3", 2, 5)).isEqualTo(AppendResult.SUCCESS); // a heartbeat
            assertThat(append("n3", 2, 5, entry(2, 0, "of the second"), entry(2, 1, "and another")))
                    .isEqualTo(AppendResult.SUCCESS);
            Eventually.holds("both are applied", () -> machine.applied().size() == 2);
            assertThat(machine.texts()).containsExactly("of the second", "and another");
            follower.close();
        } finally {
            loops.shutdownGracefully();
        }
    }

    private AppendResult append(String leader, long term, long leaderCommit, LogEntryProto... entries)
            throws IOException {
        RaftGroupId group = Peers.groupId("first", GROUP);
        RaftRpcRequestProto rpc = RaftRpcRequestProto.newBuilder()
                .setRequestorId(ByteString.copyFromUtf8(leader))
                .setReplyId(ByteString.copyFromUtf8("n1"))
                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group))
                .setCallId(CallId.getAndIncrement())
                .build();
        AppendEntriesRequestProto request = AppendEntriesRequestProto.newBuilder()
                .setServerRequest(rpc)
                .setLeaderTerm(term)
                .setLeaderCommit(leaderCommit)
                .addAllEntries(List.of(entries))
                .build();
        AppendEntriesReplyProto reply = follower.send(
                        rpc,
                        RaftNettyServerRequestProto.newBuilder()
                                .setAppendEntriesRequest(request)
                                .build())
                .getAppendEntriesReply();
        return reply.getResult();
    }

    private static LogEntryProto entry(long term, long index, String text) {
        return LogEntryProto.newBuilder()
                .setTerm(term)
                .setIndex(index)
                .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder()
                        .setClientId(ByteString.copyFrom(new byte[16]))
                        .setCallId(index)
                        .setLogData(ByteString.copyFromUtf8(text)))
                .build();
    }
}
