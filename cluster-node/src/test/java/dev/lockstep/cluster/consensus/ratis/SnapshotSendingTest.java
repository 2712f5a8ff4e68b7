package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.LogAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A snapshot of three chunks, to a follower that answers when it is told to. */
class SnapshotSendingTest {

    private static final RaftPeer FOLLOWER =
            RaftPeer.newBuilder().setId("n2").setAddress("127.0.0.1:1").build();
    private static final RaftGroupId GROUP = RaftGroupId.randomId();

    private final Queue<Link.ReplyHandler> unanswered = new ConcurrentLinkedQueue<>();
    private final List<Optional<InstallSnapshotReplyProto>> ends = Collections.synchronizedList(new ArrayList<>());
    private LinkRpc rpc = rpc(Duration.ofSeconds(20));

    /** Waits three times as long for an answer. */
    private LinkRpc rpc(Duration electionTimeout) {
        Link link = Played.role(Link.class, Map.of("send", said -> {
            unanswered.add((Link.ReplyHandler) said[1]);
            return 0L;
        }));
        Links links = Played.role(Links.class, Map.of("to", none -> link));
        LinkRpc made = new LinkRpc(
                new LinkTransport(),
                Played.role(RaftServer.class, Map.of()),
                new LinkTransport.Wires(links, new LeaderContacts(Time.system()), electionTimeout, Time.system()));
        made.addRaftPeers(List.of(FOLLOWER));
        return made;
    }

    @AfterEach
    void close() {
        rpc.close();
    }

    private void begin() {
        RaftServer.Division division = Played.role(
                RaftServer.Division.class,
                Map.of("getMemberId", none -> RaftGroupMemberId.valueOf(RaftPeerId.valueOf("n1"), GROUP)));
        SteeredFollower follower = new SteeredFollower(FOLLOWER);
        LogAppender appender = Played.role(
                LogAppender.class,
                Map.of(
                        "getServer", none -> division,
                        "getFollower", none -> follower,
                        "isRunning", none -> true,
                        "toString", none -> "appender"));
        InstallSnapshotRequestProto chunk = InstallSnapshotRequestProto.getDefaultInstance();
        new SnapshotSending(
                        rpc,
                        rpc.peer(FOLLOWER.getId()),
                        appender,
                        List.of(chunk, chunk, chunk).iterator(),
                        last -> ends.add(Optional.ofNullable(last)))
                .begin();
    }

    private Link.ReplyHandler next() throws Exception {
        Eventually.holds("a chunk is sent", () -> !unanswered.isEmpty());
        return unanswered.remove();
    }

    private static Reply reply(InstallSnapshotResult result) {
        return new Reply.FromLog(RaftMessages.answer(InstallSnapshotReplyProto.newBuilder()
                .setServerReply(RaftRpcReplyProto.newBuilder().setSuccess(result != InstallSnapshotResult.NOT_LEADER))
                .setResult(result)
                .build()));
    }

    /** Has everything done that the group's loop was given before. */
    private void settle() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        rpc.loop(GROUP).execute(free::countDown);
        assertThat(free.await(30, TimeUnit.SECONDS)).as("the loop is free").isTrue();
    }

    private void assertEndedWith(InstallSnapshotResult result) throws Exception {
        Eventually.holds("it has ended", () -> !ends.isEmpty());
        settle();
        assertThat(unanswered).isEmpty();
        assertThat(ends)
                .singleElement()
                .satisfies(end -> assertThat(end)
                        .hasValueSatisfying(last -> assertThat(last.getResult()).isEqualTo(result)));
    }

    @Test
    void eachChunkFollowsTheAnswerToTheOneBefore() throws Exception {
        begin();
        for (int i = 0; i < 3; i++) {
            Link.ReplyHandler chunk = next();
            settle(); // while an answer is awaited
            assertThat(unanswered).isEmpty();
            assertThat(ends).isEmpty();
            chunk.reply(reply(InstallSnapshotResult.SUCCESS));
        }
        assertEndedWith(InstallSnapshotResult.SUCCESS);
    }

    @Test
    void whatTheFollowerHasAlreadyIsNotSentToTheEnd() throws Exception {
        begin();
        next().reply(reply(InstallSnapshotResult.ALREADY_INSTALLED));
        assertEndedWith(InstallSnapshotResult.ALREADY_INSTALLED);
    }

    @Test
    void aFollowerThatKnowsALaterLeaderEndsIt() throws Exception {
        begin();
        next().reply(reply(InstallSnapshotResult.NOT_LEADER));
        assertEndedWith(InstallSnapshotResult.NOT_LEADER);
    }

    @Test
    void anAnswerThatComesTooLateChangesNothing() throws Exception {
        rpc.close();
        rpc = rpc(Duration.ofMillis(50));
        begin();
        Link.ReplyHandler first = next();
        Eventually.holds("it is given up", () -> !ends.isEmpty());
        assertThat(ends).containsExactly(Optional.empty());
        first.reply(reply(InstallSnapshotResult.SUCCESS));
        settle();
        assertThat(unanswered).isEmpty();
        assertThat(ends).hasSize(1);
    }
}
