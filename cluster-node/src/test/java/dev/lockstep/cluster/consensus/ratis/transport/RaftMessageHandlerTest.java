package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages to a scripted server that follows n1 in two groups, one of which does not answer. */
class RaftMessageHandlerTest {

    private static final RaftPeerId LEADER = RaftPeerId.valueOf("n1");
    private static final RaftGroupId SILENT = RaftGroupId.randomId();
    private static final RaftGroupId OTHER = RaftGroupId.randomId();

    private final List<Reply> replies = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<AppendEntriesReplyProto> silence = new CompletableFuture<>();
    private final LinkServerRpc rpc = new LinkServerRpc(
            new LinkTransport(),
            server(),
            new LinkTransport.Context(
                    ScriptedRatisServer.role(Links.class, Map.of()),
                    new LeaderContacts(Time.system()),
                    Duration.ofMillis(200),
                    Time.system(),
                    Entropy.system(),
                    group -> new AlwaysGrantingElectionGate(),
                    new NoCheckpoints(),
                    ByteRate.unlimited()));

    @AfterEach
    void close() {
        rpc.close();
    }

    private RaftServer server() {
        DivisionInfo info = ScriptedRatisServer.role(
                DivisionInfo.class,
                Map.of(
                        "isAlive", none -> true,
                        "isFollower", none -> true,
                        "getCurrentTerm", none -> 3L,
                        "getLeaderId", none -> LEADER));
        RaftPeer leader = RaftPeer.newBuilder().setId(LEADER).build();
        RaftServer.Division division = ScriptedRatisServer.role(
                RaftServer.Division.class,
                Map.of(
                        "getInfo", none -> info,
                        "getRaftLog",
                                none -> ScriptedRatisServer.role(RaftLog.class, Map.of("getFlushIndex", no -> 9L)),
                        "getRaftConf",
                                none -> ScriptedRatisServer.role(
                                        RaftConfiguration.class, Map.of("getPeer", id -> leader))));
        return ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getGroupIds", none -> List.of(SILENT, OTHER),
                        "getDivision", none -> division,
                        "appendEntriesAsync", request -> append((AppendEntriesRequestProto) request[0])));
    }

    private CompletableFuture<AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
        return ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId())
                        .equals(SILENT)
                ? silence
                : CompletableFuture.completedFuture(success());
    }

    private static AppendEntriesReplyProto success() {
        return AppendEntriesReplyProto.newBuilder()
                .setServerReply(RaftRpcReplyProto.newBuilder().setSuccess(true))
                .setResult(AppendResult.SUCCESS)
                .build();
    }

    private static AppendEntriesRequestProto heartbeat(RaftGroupId group) {
        return AppendEntriesRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setRequestorId(LEADER.toByteString())
                        .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group)))
                .setLeaderTerm(3)
                .build();
    }

    private List<@Nullable AppendEntriesReplyProto> answers(int reply, int expected) throws Exception {
        return RaftMessages.answers(((Reply.FromLog) replies.get(reply)).message(), expected);
    }

    @Test
    void aGroupThatDoesNotAnswerHoldsUpNoHeartbeatsOfOthers() throws Exception {
        rpc.serve(
                RaftMessages.of(RaftMessages.Kind.APPENDS, List.of(heartbeat(SILENT), heartbeat(OTHER))), replies::add);
        Eventually.holds("they are answered", () -> replies.size() == 1);
        List<@Nullable AppendEntriesReplyProto> answers = answers(0, 2);
        assertThat(answers.get(0)).isNull();
        assertThat(answers.get(1)).isEqualTo(success());
        silence.complete(success());
        assertThat(replies).hasSize(1);
    }

    @Test
    void anAppendThatComesAloneIsAnsweredWhenItIsDone() throws Exception {
        rpc.serve(RaftMessages.of(RaftMessages.Kind.APPENDS, List.of(heartbeat(SILENT))), replies::add);
        rpc.serve(
                RaftMessages.of(RaftMessages.Kind.APPENDS, List.of(heartbeat(SILENT), heartbeat(OTHER))), replies::add);
        Eventually.holds("those that come together are answered", () -> replies.size() == 1);
        silence.complete(success());
        Eventually.holds("it is answered", () -> replies.size() == 2);
        assertThat(answers(1, 1)).containsExactly(success());
    }
}
