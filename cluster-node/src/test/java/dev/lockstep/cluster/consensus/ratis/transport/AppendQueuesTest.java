package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The lanes of a server that is played: it has one group, a follower of n1 in term 3. */
class AppendQueuesTest {

    private static final RaftGroupId GROUP = RaftGroupId.randomId();
    private static final RaftPeerId LEADER = RaftPeerId.valueOf("n1");
    private static final RaftPeerId OTHER = RaftPeerId.valueOf("n9");

    private final EventLoop loop = EventLoop.threaded("lanes");
    private final AtomicInteger lookedUp = new AtomicInteger();
    private final AtomicInteger appends = new AtomicInteger();
    private volatile long next;
    private final AtomicLong flushed = new AtomicLong(Long.MAX_VALUE);
    private volatile CountDownLatch read = new CountDownLatch(0);
    private volatile CountDownLatch written = new CountDownLatch(0);
    private volatile Set<RaftPeerId> members = Set.of();
    private final LeaderContacts contacts = new LeaderContacts(Time.system());
    private final AppendQueues lanes =
            new AppendQueues(server(), contacts, peer -> members.contains(peer), List.of(loop));

    @AfterEach
    void close() {
        loop.close();
    }

    private RaftServer server() {
        DivisionInfo info = ScriptedRatisServer.role(
                DivisionInfo.class,
                Map.of(
                        "isAlive", none -> true,
                        "isFollower", none -> true,
                        "getCurrentTerm", none -> 3L,
                        "getLeaderId", none -> LEADER));
        RaftLog log = ScriptedRatisServer.role(
                RaftLog.class, Map.of("getFlushIndex", none -> flushed.get(), "getNextIndex", none -> next));
        RaftPeer leader = RaftPeer.newBuilder().setId(LEADER).build();
        RaftConfiguration configuration = ScriptedRatisServer.role(
                RaftConfiguration.class, Map.of("getPeer", id -> id[0].equals(LEADER) ? leader : null));
        RaftServer.Division division = ScriptedRatisServer.role(
                RaftServer.Division.class,
                Map.of("getInfo", none -> info, "getRaftLog", none -> log, "getRaftConf", none -> configuration));
        return ScriptedRatisServer.role(
                RaftServer.class,
                Map.of(
                        "getGroupIds", none -> List.of(GROUP),
                        "getDivision", none -> lookUp(division),
                        "appendEntriesAsync", request -> append((AppendEntriesRequestProto) request[0])));
    }

    private RaftServer.Division lookUp(RaftServer.Division division) {
        lookedUp.incrementAndGet();
        await(read);
        return division;
    }

    private CompletableFuture<AppendEntriesReplyProto> append(AppendEntriesRequestProto request) {
        appends.incrementAndGet();
        await(written);
        return CompletableFuture.completedFuture(AppendEntriesReplyProto.newBuilder()
                .setServerReply(RaftRpcReplyProto.newBuilder().setSuccess(true))
                .setResult(AppendResult.SUCCESS)
                .setMatchIndex(request.getEntries(0).getIndex())
                .build());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static AppendEntriesRequestProto request(RaftGroupId group, long index) {
        return AppendEntriesRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setRequestorId(LEADER.toByteString())
                        .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString())))
                .setLeaderTerm(3)
                .addEntries(LogEntryProto.newBuilder().setTerm(3).setIndex(index))
                .build();
    }

    private static @Nullable AppendEntriesReplyProto answer(CompletableFuture<@Nullable AppendEntriesReplyProto> reply)
            throws Exception {
        return reply.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aGroupThatIsNotHereIsAnsweredAtOnceAndNotLookedFor() {
        for (int i = 0; i < 100; i++) {
            assertThat(lanes.append(request(RaftGroupId.randomId(), 0))).isCompletedWithValue(null);
        }
        assertThat(lookedUp).hasValue(0);
    }

    @Test
    void anAppendThatIsAcceptedTellsHowFarTheLeaderHasCommitted() throws Exception {
        answer(lanes.append(request(GROUP, 7).toBuilder().setLeaderCommit(40).build()));
        assertThat(contacts.of(GROUP).committed()).isEqualTo(40);
        lanes.append(request(RaftGroupId.randomId(), 8).toBuilder()
                .setLeaderCommit(50)
                .build());
        assertThat(contacts.of(GROUP).committed()).isEqualTo(40);
    }

    @Test
    void anAppendOfAStrangerReachesNoReplica() throws Exception {
        AppendEntriesRequestProto request = request(GROUP, 0);
        assertThat(answer(lanes.append(from(OTHER, request)))).isNull();
        assertThat(appends).hasValue(0);
        assertThat(answer(lanes.append(request))).isNotNull();
    }

    @Test
    void aMemberOfTheClusterMayLeadAGroupWhoseReplicaHereDoesNotKnowIt() throws Exception {
        members = Set.of(OTHER);
        assertThat(answer(lanes.append(from(OTHER, request(GROUP, 0))))).isNotNull();
    }

    private static AppendEntriesRequestProto from(RaftPeerId leader, AppendEntriesRequestProto request) {
        return request.toBuilder()
                .setServerRequest(request.getServerRequest().toBuilder().setRequestorId(leader.toByteString()))
                .setLeaderTerm(4)
                .build();
    }

    @Test
    void aReplicaThatIsBeingReadFromTheDiskKeepsNoReaderWaiting() throws Exception {
        read = new CountDownLatch(1);
        var first = lanes.append(request(GROUP, 0));
        var second = lanes.append(request(GROUP, 1));
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
        read.countDown();
        assertThat(answer(first)).isNotNull();
        assertThat(answer(second)).isNotNull();
    }

    @Test
    void anAppendThatReplacesEntriesKeepsNoReaderWaitingForTheDisk() throws Exception {
        assertThat(answer(lanes.append(request(GROUP, 6)))).isNotNull();
        next = 7;
        written = new CountDownLatch(1);
        var replacing = lanes.append(request(GROUP, 6));
        assertThat(replacing).isNotDone();
        written.countDown();
        assertThat(answer(replacing)).isNotNull();
    }

    @Test
    void noVoteIsGivenBetweenTheLookAtAnAppendAndItsEntries() throws Exception {
        assertThat(answer(lanes.append(request(GROUP, 0)))).isNotNull();
        written = new CountDownLatch(1);
        Thread reading = new Thread(() -> lanes.append(request(GROUP, 1)));
        reading.start();
        Eventually.holds("the entries are being written", () -> appends.get() == 2);
        CountDownLatch voted = new CountDownLatch(1);
        Thread voting = new Thread(() -> vote(voted));
        voting.start();
        Eventually.holds(
                "the vote waits or is given", () -> voting.getState() == Thread.State.WAITING || voted.getCount() == 0);
        assertThat(voted.getCount()).isEqualTo(1);
        written.countDown();
        await(voted);
        reading.join();
    }

    private void vote(CountDownLatch voted) {
        try {
            lanes.answer(GROUP, () -> {
                voted.countDown();
                return voted;
            });
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Test
    void anAppendIsNotAnsweredBeforeItIsWritten() throws Exception {
        assertThat(answer(lanes.append(request(GROUP, 5)))).isNotNull();
        flushed.set(4);
        assertThat(answer(lanes.append(request(GROUP, 5)))).isNull();
    }
}
