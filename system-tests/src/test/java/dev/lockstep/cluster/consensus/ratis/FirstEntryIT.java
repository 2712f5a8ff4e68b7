package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A follower over TCP, to which the test plays two leaders, the first of which is replaced before any other replica has
 * its entry.
 */
class FirstEntryIT {

    private static final int GROUP = 3;

    @TempDir
    Path home;

    private final List<Member> members = RaftMember.members(MemberPorts.reserve(3));
    private final RecordingMachine machine = new RecordingMachine();
    private Link follower;

    @Test
    void aHeartbeatDoesNotCommitWhatWasNotCompared() throws Exception {
        // Long time-outs: the follower shall not become a candidate in between. Closing it may have to wait for one.
        RatisSettings settings = RaftMember.settings("first", members.get(0), members, home, Duration.ofSeconds(15));
        try (RaftMember follows = new RaftMember(settings);
                NettyLinks links =
                        new NettyLinks("first", NodeIdentity.untold(new NodeId("n2")), Duration.ofSeconds(1), 10)) {
            // It has been there before, or it would ask the others, which are not there.
            new RaftLogFiles(home, RatisNames.groupId("first", GROUP).getUuid().toString(), "first").beginIn(0);
            follows.consensus().open(GROUP, members.stream().map(Member::id).toList(), machine);
            follows.awaitRead();
            follower = links.to(members.get(0));
            assertThat(append("n2", 1, -1, entry(1, 0, "of the first leader"))).isEqualTo(AppendResult.SUCCESS);
            assertThat(append("n3", 2, 5)).isEqualTo(AppendResult.SUCCESS); // a heartbeat
            assertThat(append("n3", 2, 5, entry(2, 0, "of the second"), entry(2, 1, "and another")))
                    .isEqualTo(AppendResult.SUCCESS);
            Eventually.holds("both are applied", () -> machine.applied().size() == 2);
            assertThat(machine.texts()).containsExactly("of the second", "and another");
        }
    }

    private AppendResult append(String leader, long term, long leaderCommit, LogEntryProto... entries)
            throws Exception {
        RaftGroupId group = RatisNames.groupId("first", GROUP);
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
        var append = new Request.ToLog(RaftMessages.of(RaftMessages.Kind.APPENDS, request));
        Reply.FromLog reply = (Reply.FromLog) LinkCalls.call(follower, append).get(20, TimeUnit.SECONDS);
        return RaftMessages.answers(reply.message(), 1).get(0).getResult();
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
