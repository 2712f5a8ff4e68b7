package dev.lockstep.protocol.routing;

import static dev.lockstep.protocol.routing.FakeNetwork.N1;
import static dev.lockstep.protocol.routing.FakeNetwork.N2;
import static dev.lockstep.protocol.routing.FakeNetwork.N3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Routing and retries on simulated time. */
class RouterTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Request WRITE = new Request.Write(
            1, 0, new RequestId(1, 2, 3, 3), List.of(Mutation.remove(Bytes.utf8("k"), Condition.ANY)), LeaseId.NONE);
    private static final Reply WRITTEN = new Reply.Written(7, 0, List.of(new MutationResult(true, true, null, 1, 1)));
    private static final Request READ = new Request.Size(1, 0, Consistency.SESSION, 5, 0);
    private static final Reply COUNT = new Reply.Count(9, 0, 1);

    private static final Request THROUGH = new Request.PassOn(N1, WRITE);
    private static final Request LEASE =
            new Request.ReadForUpdate(1, 0, Bytes.utf8("k"), new LeaseId(1, 2, 1), 9_000, 60_000);
    private static final Reply LEASED = new Reply.Leased(9, 0, 0, null);

    private final SimulatedWorld world = new SimulatedWorld();
    private final FakeNetwork network = new FakeNetwork(1);
    private final Router router = new Router(network.view(), List.of(), network, null, TIMEOUT, world, world, world);

    private static void refuse(Link.ReplyHandler handler, Status status, @Nullable NodeId leader) {
        handler.reply(new Reply.Refused(status, "scripted", 0, leader));
    }

    private static Status statusOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return ((RequestFailedException)
                        Futures.cause(future.handle((value, failure) -> failure).join()))
                .status();
    }

    private void alwaysRefuses(NodeId node, Status status) {
        network.at(node, (request, handler) -> refuse(handler, status, null));
    }

    private void nobodyLeads() {
        List.of(N1, N2, N3).forEach(node -> alwaysRefuses(node, Status.NO_LEADER));
    }

    /** A router beside a node that serves requests in this JVM with the given replies, one after another, and then not at all. */
    private Router besideANode(Reply... replies) {
        Iterator<Reply> left = List.of(replies).iterator();
        EmbeddedNode node = new EmbeddedNode() {
            @Override
            public Member member() {
                return network.view().members().get(0);
            }

            @Override
            public Link link() {
                return network.to(member());
            }

            @Override
            public LocalReplicas replicas() {
                return new LocalReplicas() {
                    @Override
                    public @Nullable LocalEntry get(int cacheId, int shard, Bytes key, SessionPositions session) {
                        return null;
                    }

                    @Override
                    public @Nullable CompletableFuture<Reply> serve(Request.ToShard request) {
                        return left.hasNext() ? CompletableFuture.completedFuture(left.next()) : null;
                    }
                };
            }

            @Override
            public void close() {}
        };
        return new Router(network.view(), List.of(), network, node, TIMEOUT, world, world, world);
    }

    @Test
    void aRequestServedInThisJvmIsNotSent() {
        assertThat(besideANode(WRITTEN).call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).isEmpty();
    }

    @Test
    void whatIsNotServedInThisJvmIsSent() {
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        assertThat(besideANode().call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).containsExactly(N1);
    }

    @Test
    void aRefusalInThisJvmIsFollowedLikeThatOfAnyNode() {
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> busy =
                besideANode(new Reply.Refused(Status.BUSY, "full", 400, null)).call(WRITE);
        world.pass(Duration.ofMillis(399));
        assertThat(network.asked()).isEmpty();
        world.pass(Duration.ofMillis(300));
        assertThat(busy).isCompletedWithValue(WRITTEN);
        CompletableFuture<Reply> permanent =
                besideANode(Reply.Refused.of(Status.INVALID, "scripted")).call(WRITE);
        assertThat(statusOf(permanent)).isEqualTo(Status.INVALID);
    }

    private List<CompletableFuture<Reply>> calls(int count) {
        return Stream.generate(() -> router.call(WRITE)).limit(count).toList();
    }

    @Test
    void whileAGroupHasNoLeaderOneCallTriesForAll() {
        nobodyLeads();
        List<CompletableFuture<Reply>> calls = calls(1_000);
        world.pass(Duration.ofSeconds(5));
        assertThat(network.asked()).contains(N1, N2, N3).hasSizeBetween(15, 50);
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(calls).allSatisfy(call -> assertThat(call).isCompletedWithValue(WRITTEN));
        assertThat(network.asked().size()).isLessThan(1_100);
    }

    @Test
    void theCallThatTriesForAllTakesAllStepsToTheLeader() {
        List<Link.ReplyHandler> unanswered = new ArrayList<>();
        network.at(N1, (request, handler) -> unanswered.add(handler));
        List<CompletableFuture<Reply>> calls = calls(200);
        network.refuse(N1);
        network.at(N2, (request, handler) -> refuse(handler, Status.MOVED, N1)); // as long as it believes so
        network.at(N3, (request, handler) -> refuse(handler, Status.MOVED, N1));
        List.copyOf(unanswered).forEach(handler -> handler.failed(true, new IOException("reset")));
        world.pass(Duration.ofMillis(600));
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        network.at(N3, (request, handler) -> refuse(handler, Status.MOVED, N2));
        world.pass(Duration.ofSeconds(1));
        assertThat(calls).allSatisfy(call -> assertThat(call).isCompletedWithValue(WRITTEN));
    }

    @Test
    void aNewLeaderIsGivenEightTimesWhatItHasAnswered() {
        nobodyLeads();
        List<CompletableFuture<Reply>> calls = calls(1_000);
        world.pass(Duration.ofSeconds(1));
        List<Link.ReplyHandler> asked = new ArrayList<>();
        network.at(N1, (request, handler) -> asked.add(handler));
        network.at(N2, (request, handler) -> asked.add(handler));
        network.at(N3, (request, handler) -> asked.add(handler));
        while (asked.isEmpty()) {
            world.pass(Duration.ofMillis(1));
        }
        for (int given = 1, answered = 0; given <= 512; given *= 8) {
            assertThat(asked).hasSize(given);
            List.copyOf(asked).forEach(handler -> {
                asked.remove(handler);
                handler.reply(WRITTEN);
            });
            answered += given;
            assertThat(calls.stream().filter(CompletableFuture::isDone)).hasSize(answered);
            world.pass(Duration.ZERO);
        }
    }

    @Test
    void aCallThatWaitsForALeaderFailsAtItsDeadlineWithTheLastFailure() {
        nobodyLeads();
        List<CompletableFuture<Reply>> calls = calls(10);
        world.pass(TIMEOUT.minusMillis(500));
        assertThat(calls.get(9)).isNotDone();
        world.pass(Duration.ofMillis(501));
        assertThat(calls).allSatisfy(call -> assertThat(statusOf(call)).isEqualTo(Status.NO_LEADER));
        assertThat(calls.get(9))
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .havingRootCause()
                .withMessage("scripted");
        int asked = network.asked().size();
        world.pass(TIMEOUT);
        assertThat(network.asked()).as("nobody tries any more").hasSize(asked);
    }

    @Test
    void aRouterThatClosesFailsTheCallsThatWaitForALeader() {
        alwaysRefuses(N1, Status.NO_LEADER);
        List<CompletableFuture<Reply>> calls = calls(3);
        router.close();
        assertThat(calls).allSatisfy(call -> assertThat(statusOf(call)).isEqualTo(Status.NO_LEADER));
    }

    @Test
    void anAnswerInThisJvmLetsTheOthersGoOn() {
        nobodyLeads();
        Router beside = besideANode(
                Reply.Refused.of(Status.NO_LEADER, "scripted"),
                Reply.Refused.of(Status.NO_LEADER, "scripted"),
                WRITTEN);
        CompletableFuture<Reply> first = beside.call(WRITE);
        CompletableFuture<Reply> second = beside.call(WRITE);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        assertThat(beside.call(WRITE)).isCompletedWithValue(WRITTEN);
        world.pass(Duration.ofMillis(1));
        assertThat(first).isCompletedWithValue(WRITTEN);
        assertThat(second).isCompletedWithValue(WRITTEN);
    }

    @Test
    void anIndeterminateWriteInThisJvmStaysIndeterminate() {
        nobodyLeads();
        CompletableFuture<Reply> call =
                besideANode(Reply.Refused.of(Status.INDETERMINATE, "scripted")).call(WRITE);
        world.pass(TIMEOUT.plusSeconds(1));
        assertThat(statusOf(call)).isEqualTo(Status.INDETERMINATE);
    }

    @Test
    void afterItsCloseNothingIsServedInThisJvm() {
        Router router = besideANode(WRITTEN);
        router.close();
        assertThat(router.call(WRITE)).isCompletedExceptionally();
    }

    @Test
    void aHintIsFollowedAtOnceAndRemembered() {
        network.at(N1, (request, handler) -> refuse(handler, Status.MOVED, N3));
        network.at(N3, (request, handler) -> handler.reply(WRITTEN));
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).containsExactly(N1, N3, N3);
    }

    @Test
    void aHintAtANodeThatHasJoinedIsFollowedOnceTheViewHasIt() {
        NodeId joined = new NodeId("n4");
        network.join(joined);
        for (NodeId old : List.of(N1, N2, N3)) {
            network.at(old, (request, handler) -> refuse(handler, Status.MOVED, joined));
        }
        network.at(joined, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void nodesThatAreAllAtOtherAddressesAreFoundThroughASeed() {
        Router router = new Router(
                network.view(),
                List.of(new Member(new NodeId("seed"), "h", 13)),
                network,
                null,
                TIMEOUT,
                world,
                world,
                world);
        network.moveTo(N1, 11);
        network.moveTo(N2, 12);
        network.moveTo(N3, 13);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(5));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aNodeThatComesBackAtAnotherAddressIsAskedThere() {
        network.silence(N1);
        network.at(N2, (request, handler) -> refuse(handler, Status.NO_LEADER, null));
        network.at(N3, (request, handler) -> refuse(handler, Status.NO_LEADER, null));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isNotDone();
        network.moveTo(N1, 11);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(4));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void withoutALeaderAllReplicasAreAskedUntilThereIsOne() {
        nobodyLeads();
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(network.asked()).startsWith(N1, N2, N3);
        assertThat(call).isNotDone();
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aLeaderThatLeadsNoMoreIsNotAskedTwiceInARow() {
        network.at(N1, (request, handler) -> refuse(handler, Status.MOVED, N2));
        network.at(N2, (request, handler) -> refuse(handler, Status.MOVED, null));
        network.at(N3, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).startsWith(N1, N2).doesNotHaveDuplicates().contains(N3);
    }

    @Test
    void aBusyNodeIsAskedAgainNoSoonerThanItSaid() {
        network.at(N1, (request, handler) -> handler.reply(new Reply.Refused(Status.BUSY, "full", 400, null)));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofMillis(399));
        assertThat(network.asked()).containsExactly(N1);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofMillis(250));
        assertThat(call).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).containsExactly(N1, N1);
    }

    @Test
    void aNodeWhoseConnectionBrokeIsAskedOnceMoreAndIsNotTakenForSilent() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("broken")));
        CompletableFuture<Reply> call = router.call(WRITE);
        assertThat(network.asked()).startsWith(N1, N1);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(3));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aLostReplyIsAskedForAgainWithTheSameId() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("reset")));
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.sent()).extracting(FakeNetwork.Sent::request).containsExactly(WRITE, WRITE, WRITE);
    }

    @Test
    void aSilentNodeIsAskedLastUntilItGivesASignOfLife() {
        network.silence(N1);
        network.elect(N2);
        network.at(N2, (request, handler) -> handler.reply(request.equals(READ) ? COUNT : WRITTEN));
        network.at(N3, (request, handler) -> handler.reply(COUNT));
        CompletableFuture<Reply> first = router.call(WRITE);
        world.pass(Duration.ofSeconds(2));
        assertThat(first).isCompletedWithValue(WRITTEN);
        for (int i = 0; i < 3; i++) {
            assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
            assertThat(router.call(READ)).isCompletedWithValue(COUNT);
        }
        assertThat(network.asked()).startsWith(N1, N2).filteredOn(N1::equals).hasSize(1);
        network.at(N2, (request, handler) -> refuse(handler, Status.NO_LEADER, null));
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        CompletableFuture<Reply> later = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(later).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).endsWith(N2, N1);
    }

    @Test
    void aFrozenNodeCostsHalfASecondWhateverIsAskedOfIt() {
        network.silence(N1);
        network.at(N2, (request, handler) -> handler.reply(request.equals(WRITE) ? WRITTEN : LEASED));
        CompletableFuture<Reply> write = router.call(WRITE);
        CompletableFuture<Reply> lease = router.call(LEASE);
        world.pass(Duration.ofMillis(550));
        assertThat(write).isCompletedWithValue(WRITTEN);
        assertThat(lease).isCompletedWithValue(LEASED);
    }

    @Test
    void queueingForALeaseIsNotSilence() {
        network.at(N1, (request, handler) -> {});
        CompletableFuture<Reply> lease = router.call(LEASE);
        world.pass(Duration.ofSeconds(9));
        assertThat(network.asked()).containsExactly(N1);
        network.sent().get(0).handler().reply(LEASED);
        assertThat(lease).isCompletedWithValue(LEASED);
    }

    @Test
    void aLivingNodeThatDoesNotAnswerOneRequestIsLeftAfterTwoSecondsAndAskedTheNext() {
        network.at(N1, (request, handler) -> {});
        network.at(N2, (request, handler) -> refuse(handler, Status.MOVED, N1));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofMillis(1_990));
        assertThat(network.asked()).containsExactly(N1);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofMillis(50));
        assertThat(call).isCompletedWithValue(WRITTEN);
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).startsWith(N1, N2).endsWith(N1, N1);
    }

    @Test
    void aSilentNodeIsNotAskedAgainBeforeItGivesASignOfLife() {
        network.silence(N1);
        alwaysRefuses(N2, Status.NO_LEADER);
        alwaysRefuses(N3, Status.NO_LEADER);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(5));
        assertThat(network.asked()).filteredOn(N1::equals).hasSize(1);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void whenAllAreSilentTheyAreAskedInTurn() {
        List.of(N1, N2, N3).forEach(network::silence);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(4));
        assertThat(network.asked()).startsWith(N1, N2, N3).hasSizeGreaterThan(5);
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(3)); // what N2 did not get, since it was silent, is given up after two
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aReplicaThatWasBehindIsAskedLastForAWhile() {
        for (NodeId node : List.of(N1, N2, N3)) {
            network.at(node, (request, handler) -> handler.reply(COUNT));
        }
        assertThat(router.call(READ)).isCompletedWithValue(COUNT);
        NodeId nearest = network.asked().get(0);
        alwaysRefuses(nearest, Status.BEHIND);
        for (int i = 0; i < 20; i++) {
            assertThat(router.call(READ)).isCompletedWithValue(COUNT);
        }
        assertThat(network.asked()).filteredOn(nearest::equals).hasSize(2);
        network.at(nearest, (request, handler) -> handler.reply(COUNT));
        world.pass(Duration.ofSeconds(1));
        assertThat(router.call(READ)).isCompletedWithValue(COUNT);
        assertThat(network.asked()).endsWith(nearest);
    }

    @Test
    void aLeaderThatOnlyOthersReachIsAskedThroughThem() {
        network.silence(N1);
        network.at(N2, (request, handler) -> {
            if (request.equals(THROUGH)) {
                handler.reply(WRITTEN);
            } else {
                refuse(handler, Status.MOVED, N1);
            }
        });
        CompletableFuture<Reply> first = router.call(WRITE);
        world.pass(Duration.ofMillis(550));
        assertThat(first).isCompletedWithValue(WRITTEN);
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.sent())
                .extracting(FakeNetwork.Sent::request)
                .containsExactly(WRITE, WRITE, THROUGH, THROUGH);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertThat(network.asked()).endsWith(N1);
    }

    @Test
    void anUnreachableLeaderCostsEachClientThatBelievesInItHalfASecond() {
        network.silence(N1);
        network.at(N2, (request, handler) -> {
            if (!request.equals(THROUGH)) {
                refuse(handler, Status.MOVED, N1);
            }
        });
        alwaysRefuses(N3, Status.NO_LEADER);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofMillis(1_000));
        network.at(N3, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofMillis(300));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void whileNoNodeCanBeReachedNoSessionWaitsAgain() {
        List.of(N1, N2, N3).forEach(network::refuse);
        CompletableFuture<Reply> first = router.call(WRITE);
        world.pass(TIMEOUT.plusSeconds(1));
        assertThat(statusOf(first)).isEqualTo(Status.NO_LEADER);
        int asked = network.asked().size();
        for (Request request : List.of(WRITE, READ, LEASE)) {
            CompletableFuture<Reply> later = router.call(request);
            assertThat(statusOf(later)).isEqualTo(Status.NO_LEADER);
            assertThat(later.handle((reply, failure) -> failure.getMessage()).join())
                    .contains("no node of cluster demo has answered for 1");
        }
        assertThat(network.asked()).hasSize(asked);
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aLateReplyStillCounts() {
        network.at(N1, (request, handler) -> {});
        alwaysRefuses(N2, Status.NO_LEADER);
        alwaysRefuses(N3, Status.NO_LEADER);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(3));
        network.sent().get(0).handler().reply(WRITTEN);
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aWriteThatMayHaveArrivedEndsIndeterminate() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("reset")));
        alwaysRefuses(N2, Status.NO_LEADER);
        alwaysRefuses(N3, Status.NO_LEADER);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(TIMEOUT);
        assertThat(statusOf(call)).isEqualTo(Status.INDETERMINATE);
    }

    @Test
    void aWriteThatNeverLeftEndsWithTheLastReason() {
        network.at(N1, (request, handler) -> handler.failed(false, new IOException("refused")));
        alwaysRefuses(N2, Status.NO_LEADER);
        alwaysRefuses(N3, Status.NO_LEADER);
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(TIMEOUT);
        assertThat(statusOf(call)).isEqualTo(Status.NO_LEADER);
    }

    @Test
    void aReadIsNeverIndeterminateForALostReply() {
        for (NodeId node : List.of(N1, N2, N3)) {
            network.at(node, (request, handler) -> handler.failed(true, new IOException("reset")));
        }
        CompletableFuture<Reply> call = router.call(READ);
        world.pass(TIMEOUT);
        assertThat(statusOf(call)).isEqualTo(Status.NO_LEADER);
    }

    @Test
    void anIndeterminateAnswerIsAskedForAgain() {
        network.at(N1, (request, handler) -> refuse(handler, Status.INDETERMINATE, null));
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
    }

    @Test
    void aRefusalForGoodIsHandedOnAtOnce() {
        alwaysRefuses(N1, Status.NO_SUCH_CACHE);
        assertThat(statusOf(router.call(WRITE))).isEqualTo(Status.NO_SUCH_CACHE);
        assertThat(network.asked()).containsExactly(N1);
    }

    @Test
    void aRefusalOfARetryDoesNotSayThatNothingHappened() {
        network.at(N1, (request, handler) -> handler.failed(true, new IOException("reset")));
        alwaysRefuses(N2, Status.NO_SUCH_CACHE);
        assertThat(statusOf(router.call(WRITE))).isEqualTo(Status.INDETERMINATE);
    }

    @Test
    void aReadThatIsBehindGoesToTheLeader() {
        network.at(N1, (request, handler) -> refuse(handler, Status.BEHIND, null));
        network.at(N2, (request, handler) -> refuse(handler, Status.BEHIND, null));
        network.at(N3, (request, handler) -> refuse(handler, Status.BEHIND, null));
        CompletableFuture<Reply> call = router.call(READ);
        NodeId first = network.asked().get(0);
        world.pass(Duration.ofMillis(20));
        assertThat(network.asked().get(1)).isEqualTo(first.equals(N1) ? N2 : N1);
        network.at(N1, (request, handler) -> handler.reply(COUNT));
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(COUNT);
    }

    @Test
    void closingEndsWhatIsInFlight() {
        network.at(N1, (request, handler) -> {});
        CompletableFuture<Reply> call = router.call(WRITE);
        router.close();
        assertThat(network.isClosed()).isTrue();
        assertThat(statusOf(call)).isEqualTo(Status.INDETERMINATE);
        assertThat(statusOf(router.call(WRITE))).isEqualTo(Status.NO_LEADER);
        assertThat(network.asked()).containsExactly(N1);
    }

    private static void assertCounts(Router router, long successes, long failures, long retries) {
        RequestCounts counts = router.counts();
        assertThat(List.of(counts.successes(), counts.failures(), counts.retries()))
                .as("successes, failures, retries")
                .containsExactly(successes, failures, retries);
    }

    @Test
    void anAttemptAfterTheFirstIsCountedAsARetryOfOneRequest() {
        network.at(N1, (request, handler) -> handler.reply(new Reply.Refused(Status.BUSY, "full", 400, null)));
        CompletableFuture<Reply> call = router.call(WRITE);
        assertCounts(router, 0, 0, 0);
        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
        assertCounts(router, 1, 0, 1);
        assertThat(Duration.ofNanos(router.counts().nanos())).isBetween(Duration.ofMillis(400), Duration.ofMillis(600));
        assertThat(router.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertCounts(router, 2, 0, 1);
    }

    @Test
    void aCallThatFailsIsCountedAsAFailureWithItsTime() {
        alwaysRefuses(N1, Status.NO_SUCH_CACHE);
        assertThat(router.call(WRITE)).isCompletedExceptionally();
        assertCounts(router, 0, 1, 0);
        assertThat(router.counts().nanos()).isZero();

        network.at(N1, (request, handler) -> handler.reply(new Reply.Refused(Status.BUSY, "full", 4_000, null)));
        CompletableFuture<Reply> late = router.call(WRITE);
        world.pass(TIMEOUT);
        assertThat(late).isCompletedExceptionally();
        assertCounts(router, 0, 2, network.asked().size() - 2);
        assertThat(Duration.ofNanos(router.counts().nanos())).isBetween(Duration.ofSeconds(4), TIMEOUT);
    }

    @Test
    void aCallIsCountedOnceHoweverManyRepliesItGets() {
        network.at(N1, (request, handler) -> {});
        network.at(N2, (request, handler) -> handler.reply(WRITTEN));
        network.at(N3, (request, handler) -> handler.reply(WRITTEN));
        CompletableFuture<Reply> call = router.call(WRITE);
        world.pass(Duration.ofSeconds(5));
        assertThat(call).isCompletedWithValue(WRITTEN);
        network.sent().get(0).handler().reply(WRITTEN);
        assertCounts(router, 1, 0, network.asked().size() - 1);
    }

    @Test
    void aCallThatWasCancelledIsNotCounted() {
        network.at(N1, (request, handler) -> {});
        router.call(LEASE).cancel(false);
        network.sent().get(0).handler().reply(LEASED);
        assertCounts(router, 0, 0, 0);
    }

    @Test
    void aRequestServedInThisJvmIsCountedAsAnyOther() {
        Router served = besideANode(WRITTEN);
        assertThat(served.call(WRITE)).isCompletedWithValue(WRITTEN);
        assertCounts(served, 1, 0, 0);

        network.at(N1, (request, handler) -> handler.reply(WRITTEN));
        Router refused = besideANode(new Reply.Refused(Status.BUSY, "full", 400, null));
        CompletableFuture<Reply> call = refused.call(WRITE);
        world.pass(Duration.ofSeconds(1));
        assertThat(call).isCompletedWithValue(WRITTEN);
        assertCounts(refused, 1, 0, 1);
    }
}
