package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both ends of the transport of one server, which is played and has no group. */
class LinkServerRpcTest {

    private static final int MORE_THAN_MAY_BE_UNDER_WAY = 20_000;
    private static final RaftPeer PEER =
            RaftPeer.newBuilder().setId("n2").setAddress("127.0.0.1:1").build();

    @TempDir
    private Path home;

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicReference<Runnable> slow = new AtomicReference<>(() -> {});
    private final AtomicReference<Member> lastAsked = new AtomicReference<>();
    private final List<Reply> replies = Collections.synchronizedList(new ArrayList<>());
    private final List<RaftGroupId> kept = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean keeps = new AtomicBoolean(true);
    private final AtomicBoolean remembers = new AtomicBoolean(true);
    private final AtomicBoolean opened = new AtomicBoolean(true);
    private final AtomicReference<LifeCycle.State> state = new AtomicReference<>(LifeCycle.State.STARTING);
    private final AtomicInteger installs = new AtomicInteger();
    private final BaseStateMachine machine = new BaseStateMachine();
    private final LinkServerRpc rpc = rpc();

    private LinkServerRpc rpc() {
        RaftServer server = ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getId",
                        none -> RaftPeerId.valueOf("n1"),
                        "getGroupIds",
                        none -> List.of(),
                        "getDivision",
                        group -> ScriptedRatisServer.role(
                                RaftServer.Division.class,
                                Map.of(
                                        "getStateMachine",
                                        none -> machine,
                                        "getInfo",
                                        none -> ScriptedRatisServer.role(
                                                DivisionInfo.class, Map.of("getLifeCycleState", now -> state.get())))),
                        "installSnapshot",
                        none -> {
                            installs.incrementAndGet();
                            return InstallSnapshotReplyProto.getDefaultInstance();
                        },
                        "startLeaderElection",
                        none -> StartLeaderElectionReplyProto.getDefaultInstance(),
                        "requestVote",
                        none -> RequestVoteReplyProto.newBuilder()
                                .setServerReply(RaftRpcReplyProto.newBuilder().setSuccess(true))
                                .build()));
        Links links = ScriptedRatisServer.role(Links.class, Map.of("to", member -> {
            asked.incrementAndGet();
            slow.get().run();
            lastAsked.set((Member) member[0]);
            throw new IllegalStateException("There is no link");
        }));
        return new LinkServerRpc(
                new LinkTransport(),
                server,
                new LinkTransport.Context(
                        links,
                        new LeaderContacts(Time.system()),
                        Duration.ofMillis(100),
                        Time.system(),
                        Entropy.system(),
                        GateOfGroup::new,
                        new NoCheckpoints(),
                        ByteRate.unlimited()));
    }

    private final class GateOfGroup extends AlwaysGrantingElectionGate {

        private final RaftGroupId group;

        GateOfGroup(RaftGroupId group) {
            this.group = group;
        }

        @Override
        public boolean isOpen() {
            return opened.get();
        }

        @Override
        public boolean mayVote() {
            return remembers.get();
        }

        @Override
        public boolean mayCampaign() {
            return remembers.get();
        }

        @Override
        public void syncVote() throws IOException {
            if (!keeps.get()) {
                throw new IOException("The disk failed");
            }
            kept.add(group);
        }
    }

    private static RequestVoteRequestProto vote(RaftGroupId group) {
        return RequestVoteRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setReplyId(PEER.getId().toByteString())
                        .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(group)))
                .build();
    }

    @Test
    void aVoteIsMadeToLastBeforeItIsGiven() throws Exception {
        RaftGroupId group = RaftGroupId.randomId();
        rpc.serve(RaftMessages.of(RaftMessages.Kind.VOTE, vote(group)), replies::add);
        Eventually.holds("it is given", () -> replies.size() == 1);
        assertThat(replies.get(0)).isInstanceOf(Reply.FromLog.class);
        assertThat(kept).containsExactly(group);
        keeps.set(false);
        rpc.serve(RaftMessages.of(RaftMessages.Kind.VOTE, vote(group)), replies::add);
        Eventually.holds("it is refused", () -> replies.size() == 2);
        assertThat(replies.get(1)).isInstanceOf(Reply.Refused.class);
    }

    private static Bytes wordOfACheckpoint() {
        return RaftMessages.of(
                RaftMessages.Kind.SNAPSHOT,
                InstallSnapshotRequestProto.newBuilder()
                        .setServerRequest(vote(RaftGroupId.randomId()).getServerRequest())
                        .build());
    }

    /** A new member has been opened, and Ratis says that it is starting until its leader counts it as a member. */
    @Test
    void aReplicaThatIsNotOpenYetIsNotToldToFetchACheckpointAndANewMemberIs() throws Exception {
        Bytes word = wordOfACheckpoint();
        opened.set(false);
        rpc.serve(word, replies::add);
        Eventually.holds("it is refused", () -> replies.size() == 1);
        assertThat(replies.get(0)).isInstanceOf(Reply.Refused.class);
        assertThat(installs).hasValue(0);
        opened.set(true);
        rpc.serve(word, replies::add);
        Eventually.holds("it is answered", () -> replies.size() == 2);
        assertThat(replies.get(1)).isInstanceOf(Reply.FromLog.class);
        assertThat(installs).hasValue(1);
        state.set(LifeCycle.State.RUNNING);
        rpc.serve(word, replies::add);
        Eventually.holds("it is answered again", () -> replies.size() == 3);
        assertThat(replies.get(2)).isInstanceOf(Reply.FromLog.class);
        assertThat(installs).hasValue(2);
    }

    @Test
    void aReplicaThatIsAboutToGoOnFromACheckpointIsNotToldToFetchAnother() throws Exception {
        Bytes word = wordOfACheckpoint();
        state.set(LifeCycle.State.RUNNING);
        for (LifeCycle.State next : List.of(
                LifeCycle.State.STARTING, LifeCycle.State.RUNNING, LifeCycle.State.PAUSING, LifeCycle.State.PAUSED)) {
            machine.getLifeCycle().transition(next);
        }
        rpc.serve(word, replies::add);
        Eventually.holds("it is refused", () -> replies.size() == 1);
        assertThat(replies.get(0)).isInstanceOf(Reply.Refused.class);
        assertThat(installs).hasValue(0);
    }

    @Test
    void aCandidatesVoteForItselfIsMadeToLastBeforeOthersAreAsked() {
        rpc.addRaftPeers(List.of(PEER));
        keeps.set(false);
        assertThatThrownBy(() -> rpc.requestVote(vote(RaftGroupId.randomId()))).hasMessage("The disk failed");
        assertThat(asked).hasValue(0);
    }

    @Test
    void aReplicaThatHasForgottenWhatItSaidNeitherVotesNorStands() throws Exception {
        RaftGroupId group = RaftGroupId.randomId();
        rpc.addRaftPeers(List.of(PEER));
        remembers.set(false);
        rpc.serve(RaftMessages.of(RaftMessages.Kind.VOTE, vote(group)), replies::add);
        Bytes stand = RaftMessages.of(
                RaftMessages.Kind.ELECTION,
                StartLeaderElectionRequestProto.newBuilder()
                        .setServerRequest(vote(group).getServerRequest())
                        .build());
        rpc.serve(stand, replies::add);
        Eventually.holds("both are answered", () -> replies.size() == 2);
        assertThat(replies).allMatch(Reply.Refused.class::isInstance);
        assertThat(kept).isEmpty();
        assertThatThrownBy(() -> rpc.requestVote(vote(group))).hasMessageContaining("is recovering");
        assertThat(asked).hasValue(0);
        remembers.set(true);
        rpc.serve(RaftMessages.of(RaftMessages.Kind.VOTE, vote(group)), replies::add);
        rpc.serve(stand, replies::add);
        Eventually.holds("both are answered again", () -> replies.size() == 4);
        assertThat(replies.subList(2, 4)).allMatch(Reply.FromLog.class::isInstance);
    }

    @AfterEach
    void close() {
        rpc.close();
    }

    /** Elections and appends are done on these loops. */
    @Test
    void fetchesOfCheckpointsHoldUpNoMessages() throws Exception {
        rpc.addRaftPeers(List.of(PEER));
        CountDownLatch goOn = new CountDownLatch(1);
        slow.set(() -> await(goOn));
        for (int i = 0; i < 8; i++) {
            CheckpointFolder folder = new CheckpointFolder(home.resolve("fetched-" + i), i);
            rpc.fetch(PEER.getId(), RaftGroupId.randomId(), folder, () -> null, 0, (bytes, size) -> {});
        }
        Eventually.holds("they are being fetched", () -> asked.get() > 0);
        CountDownLatch done = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) {
            rpc.loop(RaftGroupId.randomId()).execute(done::countDown);
        }
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        goOn.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void messagesThatCannotBeServedTakeNoRoomFromOthers() throws Exception {
        Bytes nobodys =
                RaftMessages.of(RaftMessages.Kind.APPENDS, List.of(AppendEntriesRequestProto.getDefaultInstance()));
        for (int i = 0; i < MORE_THAN_MAY_BE_UNDER_WAY; i++) {
            rpc.serve(nobodys, replies::add);
        }
        assertThat(replies)
                .hasSize(MORE_THAN_MAY_BE_UNDER_WAY)
                .allMatch(reply -> reply instanceof Reply.Refused refused && refused.status() == Status.INVALID);
        var header = RaftRpcRequestProto.newBuilder()
                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(RaftGroupId.randomId()));
        rpc.serve(
                RaftMessages.of(
                        RaftMessages.Kind.VOTE,
                        RequestVoteRequestProto.newBuilder()
                                .setServerRequest(header)
                                .build()),
                replies::add);
        Eventually.holds("it is answered", () -> replies.size() > MORE_THAN_MAY_BE_UNDER_WAY);
        assertThat(replies.get(MORE_THAN_MAY_BE_UNDER_WAY)).isInstanceOf(Reply.FromLog.class);
    }

    @Test
    void moreAppendsThanAnybodySendsTogetherAreRefused() {
        List<AppendEntriesRequestProto> many =
                Collections.nCopies(RaftMessages.MAX_TOGETHER + 1, AppendEntriesRequestProto.getDefaultInstance());
        rpc.serve(RaftMessages.of(RaftMessages.Kind.APPENDS, many), replies::add);
        assertThat(((Reply.Refused) replies.get(0)).message()).contains("more than");
    }

    @Test
    void aPeerIsReachedWhereTheLayoutSaysNotWhereRatisFoundItOnce() {
        Member moved = new Member(new NodeId("n2"), "127.0.0.1", 2);
        rpc.addRaftPeers(List.of(PEER));
        rpc.members(List.of(moved));
        assertThatThrownBy(() -> rpc.requestVote(vote(RaftGroupId.randomId())));
        assertThat(lastAsked).hasValue(moved);
        rpc.addRaftPeers(List.of(PEER));
        assertThatThrownBy(() -> rpc.requestVote(vote(RaftGroupId.randomId())));
        assertThat(lastAsked).hasValue(moved);
    }

    @Test
    void heartbeatsGoOnAfterOneThatCouldNotBeSent() throws Exception {
        rpc.addRaftPeers(List.of(PEER));
        rpc.start();
        for (int i = 1; i <= 3; i++) {
            int times = i;
            rpc.peer(PEER.getId()).offer(AppendEntriesRequestProto.getDefaultInstance(), reply -> {});
            Eventually.holds("it is tried", () -> asked.get() >= times);
        }
    }
}
