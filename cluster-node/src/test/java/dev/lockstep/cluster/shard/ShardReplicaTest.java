package dev.lockstep.cluster.shard;

import static dev.lockstep.cluster.testing.ScriptedLog.following;
import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One replica of three, whose log, peers and clock the test steers. */
class ShardReplicaTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Set<NodeId> VOTERS = Set.of(A, B, new NodeId("c"));
    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes VALUE = Bytes.utf8("value");
    private static final Duration STALENESS = Duration.ofSeconds(5);
    private static final int CACHE = 1;

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedLog log = new ScriptedLog(leading(1, A, VOTERS));
    private final ReadIndexRounds rounds = new ReadIndexRounds(A, peers, world, Duration.ofMillis(600));
    private final Catalog catalog = new Catalog();
    private long othersAheadMillis;
    private final MemberClocks clocks = new MemberClocks(
            A,
            () -> VOTERS,
            (peer, request, answer) ->
                    answer.accept(new Reply.Clock(world.millis() + this.othersAheadMillis, List.of())),
            world);
    private final ShardReplica replica = new ShardReplica(
            0,
            List.copyOf(VOTERS),
            new ShardContext(
                    log.consensus(),
                    HeapStore.FACTORY,
                    catalog,
                    rounds,
                    clocks,
                    new CapacityShares(() -> 1),
                    AmpleMemory.of(A, world),
                    SlowRequests.NONE,
                    RemovalObserver.NONE,
                    world,
                    world,
                    new ShardContext.Limits(STALENESS, 1_000, ChangeWindow.MAX_BYTES)));
    private final ShardHost shards = new ShardHost(Map.of(0, replica));
    private long sequence;

    /** One cache, known from the start. */
    private static final class Catalog implements CacheCatalog {

        private @Nullable CacheInfo info = new CacheInfo(
                CACHE, new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
        private final List<Consumer<Reply.@Nullable Refused>> learning = new ArrayList<>();
        private boolean destroyed;

        @Override
        public @Nullable CacheInfo cache(int cacheId) {
            return cacheId == CACHE ? info : null;
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return cacheId == CACHE && destroyed;
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            learning.add(then);
        }
    }

    @BeforeEach
    void hearTheClocks() {
        clocks.tick();
    }

    private List<Reply> ask(Request.ToShard request) {
        List<Reply> replies = new ArrayList<>();
        shards.serve(request, () -> true, replies::add);
        return replies;
    }

    private static Status refusal(List<Reply> replies) {
        assertThat(replies).hasSize(1).first().isInstanceOf(Reply.Refused.class);
        return ((Reply.Refused) replies.get(0)).status();
    }

    private List<Reply> put(Lifetime lifetime) {
        sequence++;
        Mutation put = Mutation.put(KEY, VALUE, Condition.ANY).living(lifetime);
        return ask(new Request.Write(CACHE, 0, new RequestId(1, 2, sequence, sequence), List.of(put), LeaseId.NONE));
    }

    private List<Reply> put() {
        return put(Lifetime.BY_RULE);
    }

    private List<Reply> get(Consistency consistency, long minPosition, long judgedAt) {
        return ask(new Request.Get(CACHE, 0, List.of(KEY), true, consistency, minPosition, judgedAt));
    }

    private static boolean found(List<Reply> replies) {
        assertThat(replies).hasSize(1).first().isInstanceOf(Reply.Entries.class);
        return ((Reply.Entries) replies.get(0)).entries().get(0) != null;
    }

    /** Applies an entry that another node, the leader, has proposed. */
    private void replicate() {
        sequence++;
        log.apply(BatchCodec.encode(new Batch(
                world.millis(),
                0,
                0,
                List.of(
                        new Command.Define(catalog.info),
                        new Command.Write(
                                CACHE,
                                new RequestId(1, 2, sequence, sequence),
                                List.of(Mutation.put(KEY, VALUE, Condition.ANY)))))));
    }

    @Test
    void aFollowerSendsToTheLeaderWhatOnlyALeaderDoes() {
        log.become(following(1, B, VOTERS));
        List<List<Reply>> answers = List.of(
                put(),
                get(Consistency.STRONG, 0, 0),
                ask(new Request.Clear(CACHE, 0, new RequestId(1, 2, 3, 3))),
                ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 10)),
                ask(new Request.Release(CACHE, 0, KEY, new LeaseId(1, 2, 3), Condition.ANY)),
                ask(new Request.Release(CACHE, 0, KEY, new LeaseId(1, 2, 3), Condition.PRESENT)));
        assertThat(answers).allSatisfy(replies -> {
            assertThat(refusal(replies)).isEqualTo(Status.MOVED);
            assertThat(((Reply.Refused) replies.get(0)).leader()).isEqualTo(B);
        });
    }

    @Test
    void aReplicaCountsWhatItHolds() {
        put();
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 1_000, 1_000));
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 4), 1_000, 1_000));
        replica.subscribe(
                new Request.Subscribe(0, 0, List.of(new Request.Subscribe.Start(CACHE, -1))),
                reply -> {},
                () -> true,
                end -> {});
        log.hold();
        put();
        put();
        put();
        assertThat(replica.counts()).isEqualTo(new ShardReplica.Counts(2, 1, 1, 1, 1, 0));
        assertThat(replica.entries())
                .isEqualTo(Map.of("c", new ShardReplica.Held(1, CacheDefinition.entryBytes(KEY, VALUE))));
    }

    @Test
    void withoutALeaderThereIsNone() {
        log.become(following(1, null, VOTERS));
        assertThat(refusal(put())).isEqualTo(Status.NO_LEADER);
    }

    @Test
    void aLeaderThatIsNotReadyIsBusy() {
        log.become(new Leadership(2, true, false, A, List.of(VOTERS)));
        assertThat(refusal(put())).isEqualTo(Status.BUSY);
        assertThat(refusal(get(Consistency.STRONG, 0, 0))).isEqualTo(Status.BUSY);
    }

    @Test
    void anUnappendedWriteMovesAndAnUncertainOneIsIndeterminate() {
        log.hold();
        List<Reply> refused = put();
        log.become(following(2, B, VOTERS));
        log.fail(new NotLeaderException("deposed", B));
        assertThat(refusal(refused)).isEqualTo(Status.MOVED);
        log.become(leading(3, A, VOTERS));
        List<Reply> unknown = put();
        log.fail(new UnknownOutcomeException("deposed", new IllegalStateException()));
        assertThat(refusal(unknown)).isEqualTo(Status.INDETERMINATE);
    }

    @Test
    void aStrongReadWaitsForAMajorityAndForWhatWasCommitted() {
        put();
        List<Reply> read = get(Consistency.STRONG, 0, 0);
        log.commit(7);
        List<Reply> later = get(Consistency.STRONG, 0, 0);
        assertThat(read).isEmpty();
        peers.confirm(B, true);
        assertThat(found(read)).isTrue();
        peers.confirm(B, true);
        assertThat(later).isEmpty();
        log.skipTo(7);
        world.pass(Duration.ofMillis(2));
        assertThat(found(later)).isTrue();
    }

    @Test
    void aStrongReadIsNotBehindItsSessionEither() {
        List<Reply> read = get(Consistency.STRONG, 1, 0);
        peers.confirm(B, true);
        assertThat(read).isEmpty();
        put();
        world.pass(Duration.ofMillis(2));
        assertThat(found(read)).isTrue();
    }

    @Test
    void aSessionReadWaitsForItsPositionALittle() {
        log.become(following(1, B, VOTERS));
        List<Reply> read = get(Consistency.SESSION, 1, 0);
        assertThat(read).isEmpty();
        replicate();
        world.pass(Duration.ofMillis(1));
        assertThat(found(read)).isTrue();
        List<Reply> tooFar = get(Consistency.SESSION, 99, 0);
        world.pass(Duration.ofSeconds(1));
        assertThat(refusal(tooFar)).isEqualTo(Status.BEHIND);
    }

    @Test
    void aFollowerOutOfTouchAnswersNoSessionRead() {
        log.become(following(1, B, VOTERS));
        replicate();
        SessionPositions session = new SessionPositions(1);
        log.sinceContact(STALENESS.toNanos() - 1_000_000);
        assertThat(shards.sinceContactNanos()).hasValue(STALENESS.toNanos() - 1_000_000);
        assertThat(replica.get(CACHE, KEY, session)).isNotNull();
        log.sinceContact(STALENESS.toNanos() + 1_000_000);
        world.pass(Duration.ofMillis(2));
        assertThat(replica.get(CACHE, KEY, session)).isNull();
        assertThat(refusal(get(Consistency.SESSION, 0, 0))).isEqualTo(Status.BEHIND);
        assertThat(shards.sinceContactNanos()).hasValue(STALENESS.toNanos() + 1_000_000);
        log.sinceContact(0);
        assertThat(found(get(Consistency.SESSION, 0, 0))).isTrue();
        log.sinceContact(Long.MAX_VALUE);
        assertThat(shards.sinceContactNanos()).isEmpty();
    }

    @Test
    void aLeaderCountsFromItsLastConfirmedRoundAndAsksForOne() {
        put();
        SessionPositions session = new SessionPositions(1);
        assertThat(replica.get(CACHE, KEY, session)).isNull();
        assertThat(shards.sinceContactNanos()).isEmpty();
        List<Reply> read = get(Consistency.SESSION, 0, 0);
        assertThat(read).isEmpty();
        peers.confirm(B, true);
        assertThat(found(read)).isTrue();
        assertThat(replica.get(CACHE, KEY, session)).isNotNull();
        world.pass(STALENESS.dividedBy(3));
        shards.upkeep();
        peers.confirm(B, true);
        world.pass(STALENESS.minusMillis(100));
        assertThat(replica.get(CACHE, KEY, session)).isNotNull();
        assertThat(shards.sinceContactNanos())
                .hasValue(STALENESS.minusMillis(100).toNanos());
        world.pass(Duration.ofMillis(101));
        assertThat(replica.get(CACHE, KEY, session)).isNull();
    }

    @Test
    void aLeaderConfirmsItsLeadershipAtTheSameTimesAsThoseOfOtherShards() {
        Duration quarter = STALENESS.dividedBy(4);
        world.pass(quarter.minusMillis(250));
        confirmedGet();
        world.pass(Duration.ofMillis(249));
        shards.upkeep();
        assertThat(peers.of(B)).isEmpty();
        world.pass(Duration.ofMillis(1));
        shards.upkeep();
        assertThat(peers.of(B)).hasSize(1);
        peers.confirm(B, true);
        world.pass(quarter.minusMillis(1));
        shards.upkeep();
        assertThat(peers.of(B)).isEmpty();
        world.pass(Duration.ofMillis(1));
        shards.upkeep();
        assertThat(peers.of(B)).hasSize(1);
    }

    @Test
    void aStrongReadThatOnlyTheClockCallsExpiredLetsTheLogSaySoFirst() {
        put(Lifetime.ofMillis(10));
        log.hold();
        world.pass(Duration.ofMillis(10));
        List<Reply> session = get(Consistency.SESSION, 0, 0);
        List<Reply> strong = get(Consistency.STRONG, 0, 0);
        peers.confirm(B, true);
        assertThat(found(session)).isFalse();
        peers.confirm(B, true);
        assertThat(strong).isEmpty();
        assertThat(log.held()).isEqualTo(1);
        log.applyNext();
        assertThat(found(strong)).isFalse();
    }

    /** Another's read may have prolonged it, and a replica that is behind does not know. */
    @Test
    void anEntryWithAccessExpiryExpiresOnAFollowerByTheLog() {
        Lifetime idle = Lifetime.ofMillis(10);
        catalog.info = new CacheInfo(
                CACHE,
                new CacheDefinition("c", "k", "v", new ExpiryRule(idle, idle, idle), "", 0, Consistency.SESSION));
        log.become(following(1, B, VOTERS));
        log.sinceContact(0);
        replicate();
        SessionPositions session = new SessionPositions(1);
        world.pass(Duration.ofMillis(10));
        assertThat(replica.get(CACHE, KEY, session)).isNull();
        assertThat(refusal(get(Consistency.SESSION, 0, 0))).isEqualTo(Status.BEHIND);
        log.apply(BatchCodec.encode(new Batch(world.millis(), 0, 0, List.of(new Command.Tick()))));
        assertThat(replica.get(CACHE, KEY, session)).isEqualTo(LocalEntry.ABSENT);
        assertThat(found(get(Consistency.SESSION, 0, 0))).isFalse();
    }

    @Test
    void aSessionAheadOfTheLeadersClockIsNotAnsweredByThatClock() {
        put(Lifetime.ofMillis(500));
        List<Reply> strong = get(Consistency.STRONG, 0, world.millis() + 600);
        peers.confirm(B, true);
        assertThat(refusal(strong)).isEqualTo(Status.BUSY);
        assertThat(((Reply.Refused) strong.get(0)).retryAfterMillis()).isEqualTo(600);
    }

    @Test
    void aLeaderThatHasNotHeardTheClocksAfterItsStartStoresNothingAndAnswersNoStrongRead() {
        world.pass(Duration.ofSeconds(10));
        assertThat(refusal(put())).isEqualTo(Status.BUSY);
        List<Reply> strong = get(Consistency.STRONG, 0, 0);
        peers.confirm(B, true);
        assertThat(refusal(strong)).isEqualTo(Status.BUSY);
        clocks.tick();
        sequence = 0;
        assertThat(put()).first().isInstanceOf(Reply.Written.class);
    }

    @Test
    void aFollowerThatHasJustStartedAnswersNoReadBeforeItKnowsTheLogsTime() {
        world.pass(Duration.ofSeconds(10));
        log.become(following(1, B, VOTERS));
        log.sinceContact(1_000_000);
        replicate();
        SessionPositions session = new SessionPositions(1);
        assertThat(shards.get(CACHE, 0, KEY, session)).isNull();
        assertThat(refusal(get(Consistency.SESSION, 0, 0))).isEqualTo(Status.BEHIND);
        clocks.tick();
        assertThat(shards.get(CACHE, 0, KEY, session)).isNotNull();
        assertThat(found(get(Consistency.SESSION, 0, 0))).isTrue();
    }

    @Test
    void aWallClockThatJumpsOnTheOtherNodesEndsNoEntry() {
        put(Lifetime.ofMillis(60_000));
        othersAheadMillis = Duration.ofDays(1).toMillis();
        world.pass(Duration.ofSeconds(1));
        clocks.tick();
        shards.upkeep();
        peers.confirm(B, true);
        world.pass(Duration.ofSeconds(55));
        shards.upkeep();
        assertThat(found(confirmedGet())).isTrue();
        world.pass(Duration.ofSeconds(5));
        shards.upkeep();
        assertThat(found(confirmedGet())).isFalse();
    }

    private List<Reply> confirmedGet() {
        List<Reply> replies = get(Consistency.SESSION, 0, 0);
        while (!peers.of(B).isEmpty()) {
            peers.confirm(B, true);
        }
        return replies;
    }

    @Test
    void aConditionalReleaseIsConfirmedByARound() {
        put();
        LeaseId lease = new LeaseId(1, 2, 3);
        assertThat(ask(new Request.ReadForUpdate(CACHE, 0, KEY, lease, 10, 1_000)))
                .hasSize(1)
                .first()
                .isInstanceOf(Reply.Leased.class);
        List<Reply> released = ask(new Request.Release(CACHE, 0, KEY, lease, Condition.PRESENT));
        assertThat(released).isEmpty();
        peers.confirm(B, true);
        assertThat(((Reply.Released) released.get(0)).held()).isTrue();
    }

    @Test
    void leasesEndWithTheLeadership() {
        put();
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 10_000));
        List<Reply> waiting = ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 4), 60_000, 10_000));
        assertThat(waiting).isEmpty();
        log.become(following(2, B, VOTERS));
        world.pass(Duration.ZERO);
        assertThat(refusal(waiting)).isEqualTo(Status.MOVED);
        log.become(leading(3, A, VOTERS));
        assertThat(ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 5), 10, 1_000)))
                .hasSize(1)
                .first()
                .isInstanceOf(Reply.Leased.class);
    }

    @Test
    void noLeaseIsGrantedThatALeadershipInTransferWouldEnd() {
        put();
        assertThat(replica.handOver(B, Duration.ofMillis(300).toNanos(), false)).isTrue();
        assertThat(log.stepDowns()).containsExactly(B);
        var readForUpdate = new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 1_000);
        assertThat(refusal(ask(readForUpdate))).isEqualTo(Status.BUSY);
        log.become(following(2, B, VOTERS));
        world.pass(Duration.ZERO);
        assertThat(refusal(ask(readForUpdate))).isEqualTo(Status.MOVED);
    }

    @Test
    void theLeadershipOfALeasedShardIsHandedOverOnlyWithoutRegardToLeases() {
        put();
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 1_000));
        assertThat(replica.handOver(B, Duration.ofMillis(300).toNanos(), false)).isFalse();
        assertThat(log.stepDowns()).isEmpty();
        assertThat(replica.handOver(B, Duration.ofMillis(300).toNanos(), true)).isTrue();
        assertThat(log.stepDowns()).containsExactly(B);
    }

    @Test
    void aLeaderThatIsDeposedWhileItLearnsOfACacheGrantsNoLeaseOfItsEntries() {
        CacheInfo info = catalog.info;
        catalog.info = null;
        List<Reply> leased = ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 1_000));
        assertThat(leased).isEmpty();
        log.become(following(2, B, VOTERS));
        world.pass(Duration.ZERO);
        catalog.info = info;
        catalog.learning.remove(0).accept(null);
        assertThat(refusal(leased)).isEqualTo(Status.MOVED);
    }

    @Test
    void aRepeatedLeaseRequestIsAnsweredBothTimes() {
        put();
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 3), 10, 1_000));
        var waiting = new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 4), 60_000, 10_000);
        List<Reply> first = ask(waiting);
        assertThat(first).isEmpty();
        List<Reply> again = ask(waiting);
        assertThat(refusal(first)).isEqualTo(Status.BUSY);
        assertThat(again).isEmpty();
        world.pass(Duration.ofSeconds(1));
        assertThat(again).hasSize(1).first().isInstanceOf(Reply.Leased.class);
        assertThat(first).hasSize(1);
    }

    @Test
    void aLeaseStaysWithAWriteThatWillBeSentAgain() {
        put();
        LeaseId lease = new LeaseId(1, 2, 3);
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, lease, 10, 10_000));
        List<Reply> next = ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 4), 60_000, 10_000));
        log.hold();
        Mutation mutation = Mutation.put(KEY, VALUE, Condition.ANY);
        var write = new Request.Write(CACHE, 0, new RequestId(1, 2, 9, 9), List.of(mutation), lease);
        ask(write);
        log.fail(new UnknownOutcomeException("slow", new IllegalStateException()));
        assertThat(next).isEmpty();
        ask(write);
        log.applyNext();
        assertThat(next).hasSize(1).first().isInstanceOf(Reply.Leased.class);
    }

    @Test
    void aCacheThatThisNodeHasNotHeardOfIsLearnt() {
        CacheInfo info = catalog.info;
        catalog.info = null;
        List<Reply> write = put();
        assertThat(write).isEmpty();
        catalog.info = info;
        catalog.learning.remove(0).accept(null);
        assertThat(write).hasSize(1).first().isInstanceOf(Reply.Written.class);
        catalog.info = null;
        List<Reply> never = put();
        catalog.learning.remove(0).accept(Reply.Refused.of(Status.NO_SUCH_CACHE, "scripted"));
        assertThat(refusal(never)).isEqualTo(Status.NO_SUCH_CACHE);
        catalog.destroyed = true;
        assertThat(refusal(put())).isEqualTo(Status.NO_SUCH_CACHE);
        assertThat(catalog.learning).isEmpty();
    }

    @Test
    void theLeaderForgetsADestroyedCacheAndFollowersLeaveThatToIt() {
        put();
        catalog.destroyed = true;
        log.hold();
        log.become(following(2, B, VOTERS));
        shards.upkeep();
        assertThat(log.held()).isZero();
        log.become(leading(3, A, VOTERS));
        shards.upkeep();
        shards.upkeep();
        assertThat(log.held()).isEqualTo(1);
        log.applyNext();
        SessionPositions session = new SessionPositions(1);
        assertThat(replica.get(CACHE, KEY, session)).isNull();
        shards.upkeep();
        assertThat(log.held()).isZero();
    }

    @Test
    void aSubscriberIsToldNothingFromBeforeItsPositionByAReplicaThatWasBehind() {
        log.become(following(1, B, VOTERS));
        List<Reply> told = new ArrayList<>();
        shards.subscribe(
                new Request.Subscribe(0, 1, List.of(new Request.Subscribe.Start(CACHE, 1))),
                told::add,
                () -> true,
                end -> {});
        assertThat(told).isEmpty();
        replicate();
        world.pass(Duration.ofMillis(2));
        assertThat(told).containsExactly(new Reply.Subscribed(1, List.of()));
        replicate();
        world.pass(Duration.ofMillis(2));
        assertThat(told).hasSize(2);
        assertThat(((Reply.Changes) told.get(1)).position()).isEqualTo(2);
    }

    @Test
    void aSubscriptionEndedWhileItWaitedNeverBegins() {
        List<Reply> told = new ArrayList<>();
        List<Runnable> ends = new ArrayList<>();
        shards.subscribe(
                new Request.Subscribe(0, 1, List.of(new Request.Subscribe.Start(CACHE, -1))),
                told::add,
                () -> false,
                ends::add);
        put();
        world.pass(Duration.ofMillis(2));
        assertThat(told).isEmpty();
        assertThat(ends).isEmpty();
    }

    @Test
    void aShardThatIsNotHostedIsRedirected() {
        assertThat(refusal(ask(new Request.Size(CACHE, 7, Consistency.SESSION, 0, 0))))
                .isEqualTo(Status.MOVED);
        LocalEntry none = shards.get(CACHE, 7, KEY, new SessionPositions(8));
        assertThat(none).isNull();
    }

    @Test
    void leasesGivenBackLeaveNoTimersBehind() {
        put();
        for (int i = 1; i <= 3; i++) {
            LeaseId lease = new LeaseId(1, 2, i);
            ask(new Request.ReadForUpdate(CACHE, 0, KEY, lease, 10, 1_000));
            ask(new Request.Release(CACHE, 0, KEY, lease, Condition.ANY));
        }
        LeaseId last = new LeaseId(1, 2, 9);
        ask(new Request.ReadForUpdate(CACHE, 0, KEY, last, 10, 1_000));
        List<Reply> next = ask(new Request.ReadForUpdate(CACHE, 0, KEY, new LeaseId(1, 2, 10), 60_000, 10_000));
        world.pass(Duration.ofNanos(TimeUnit.MILLISECONDS.toNanos(999)));
        assertThat(next).isEmpty();
        world.pass(Duration.ofMillis(1));
        assertThat(next).hasSize(1).first().isInstanceOf(Reply.Leased.class);
    }
}
