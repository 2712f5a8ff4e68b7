package dev.lockstep.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.rates.RateLimits;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.shard.RemovalObserver;
import dev.lockstep.cluster.shard.ShardContext;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.cluster.shard.SlowRequests;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.settings.Settings.Rate;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One connection to a node whose control group is alone and whose one shard, 0, is led from here in term 4. */
class RequestDispatcherTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Bytes KEY = Bytes.utf8("key");
    private static final int MAX_IN_FLIGHT = 3;
    private static final Rates RATES = new Rates(new Rate(1_000, 0), new Rate(0, 0), new Rate(0, 0));

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedNodes others = new ScriptedNodes(Set.of(B));
    private final Gateway gateway = new Gateway(A, others);
    private final ReadIndexRounds rounds = new ReadIndexRounds(A, peers, world, Duration.ofSeconds(1));
    private final ScriptedLog log = new ScriptedLog(ScriptedLog.leading(4, A, Set.of(A)));
    private final Map<Long, List<Reply>> told = new LinkedHashMap<>();
    private final List<Bytes> saidToLogs = new ArrayList<>();
    private final List<String> audited = new ArrayList<>();
    private boolean writable = true;
    private ControlGroup control;
    private RequestDispatcher dispatcher;
    private RequestServer.Connection connection;
    private int cache;
    private long sequence;

    @BeforeEach
    void connect() {
        LocalConsensus consensus = new LocalConsensus(A);
        control = new ControlGroup(
                consensus,
                Layout.settled(
                        0, Layout.nodes(List.of(new Member(A, "localhost", 0))), new ShardMap(0, List.of(List.of(A)))),
                new ControlGroup.Rules(Templates.NONE, 1, Optional.empty(), ClusterVersion.Range.OWN),
                rounds,
                peers,
                world,
                world);
        control.open(List.of(A));
        var limits = new ShardContext.Limits(Duration.ofSeconds(5), 100, ShardReplica.MAX_CHANGES_BYTES);
        ShardHost shards = new ShardHost(Map.of(
                0,
                new ShardReplica(
                        0,
                        List.of(A),
                        new ShardContext(
                                log.consensus(),
                                HeapStore.FACTORY,
                                control,
                                rounds,
                                AgreeingClocks.of(A, List.of(A), world),
                                new CapacityShares(() -> 1),
                                AmpleMemory.of(A, world),
                                SlowRequests.NONE,
                                RemovalObserver.NONE,
                                world,
                                world,
                                limits))));
        ClusterView view = new ClusterView("c", List.of(), new ShardMap(1, List.of(List.of(A))), Map.of());
        dispatcher = new RequestDispatcher(
                talking(consensus),
                control,
                shards,
                gateway,
                world,
                describing(view, consensus),
                new AuditLog(A, world, audited::add),
                RequestObserver.NONE,
                new RateLimits(RATES, world, world),
                MAX_IN_FLIGHT);
        connection = connectionOf((NodeId) null);
        cache = created("c");
    }

    /** Logs that say what they are told. */
    private Consensus talking(Consensus consensus) {
        return new Consensus() {
            @Override
            public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
                return consensus.open(group, replicas, machine);
            }

            @Override
            public void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
                saidToLogs.add(message);
                answer.accept(new Reply.FromLog(message));
            }

            @Override
            public void close() {
                consensus.close();
            }
        };
    }

    private static RequestDispatcher.Description describing(ClusterView view, Consensus consensus) {
        return new RequestDispatcher.Description() {

            @Override
            public void serve(Request.OfProcess request, Consumer<Reply> reply) {
                reply.accept(new Reply.Text("of the process"));
            }

            @Override
            public ClusterView view() {
                return view;
            }

            @Override
            public void open(Request.OpenReplica request, Consumer<Reply> reply) {
                reply.accept(new Reply.Done());
            }

            @Override
            public Reply.Versions versions() {
                return new Reply.Versions("0.1.0", ClusterVersion.Range.OWN);
            }

            @Override
            public void facts(boolean triesDisk, Consumer<List<Reply.NodeFacts.Fact>> told) {
                told.accept(List.of(new Reply.NodeFacts.Fact("java", "17")));
            }

            @Override
            public String meters() {
                return null;
            }

            @Override
            public Reply.Memory memory() {
                return new Reply.Memory(30, 80);
            }

            @Override
            public List<ReplicaStatus> replicas() {
                return consensus.replicas();
            }
        };
    }

    private RequestServer.Connection connectionOf(NodeId peer) {
        return connectionOf(peer == null ? new Identity.Unproven("here") : new Identity.OfNode(peer));
    }

    private RequestServer.Connection connectionOf(Identity peer) {
        return dispatcher.connect(peer, new RequestServer.Replies() {
            @Override
            public void send(long correlationId, Reply reply) {
                told.computeIfAbsent(correlationId, none -> new ArrayList<>()).add(reply);
            }

            @Override
            public boolean isWritable() {
                return writable;
            }
        });
    }

    private void write(long correlation) {
        sequence++;
        Mutation put = Mutation.put(KEY, KEY, Condition.ANY);
        connection.serve(
                correlation,
                new Request.Write(cache, 0, new RequestId(1, 2, sequence, sequence), List.of(put), LeaseId.NONE));
    }

    /** Writes, and has the subscribers told. */
    private void change(long correlation) {
        write(correlation);
        world.pass(Duration.ofMillis(2));
    }

    private Status refusal(long correlation) {
        List<Reply> replies = told.get(correlation);
        return ((Reply.Refused) replies.get(replies.size() - 1)).status();
    }

    @Test
    void onlyTheCurrentTermOfAHostedGroupIsConfirmed() {
        connection.serve(
                7,
                new Request.ConfirmTerms(List.of(
                        new GroupTerm(0, 4),
                        new GroupTerm(0, 3),
                        new GroupTerm(0, 5),
                        new GroupTerm(-1, 1),
                        new GroupTerm(9, 1))));
        assertThat(told.get(7L)).containsExactly(new Reply.TermsConfirmed(List.of(true, false, false, true, false)));
    }

    @Test
    void aNodeTellsOthersHowFullItsMemoryIs() {
        connection.serve(7, new Request.ReadMemory());
        assertThat(told.get(7L)).containsExactly(new Reply.Memory(30, 80));
    }

    @Test
    void aNodeTellsOthersWhatItsWallClockAndItsLogsSay() {
        connection.serve(7, new Request.ReadClock());
        assertThat(told.get(7L))
                .containsExactly(new Reply.Clock(world.millis(), List.of(new Reply.Clock.LogTime(0, world.millis()))));
    }

    @Test
    void aConnectionWithTooMuchInFlightIsRefused() {
        log.hold();
        for (int i = 1; i <= MAX_IN_FLIGHT; i++) {
            write(i);
        }
        write(9);
        assertThat(refusal(9)).isEqualTo(Status.BUSY);
        assertThat(dispatcher.counts()).isEqualTo(new RequestDispatcher.Counts(1, MAX_IN_FLIGHT, 0, 1, 0, 0, 0));
        while (log.applyNext()) {
            assertThat(told).isNotEmpty();
        }
        write(10);
        log.applyNext();
        assertThat(told.get(10L)).hasSize(1).first().isInstanceOf(Reply.Written.class);
        connection.closed();
        assertThat(dispatcher.counts()).isEqualTo(new RequestDispatcher.Counts(0, 0, 0, 1, 0, 0, 0));
    }

    private Request subscribe(int shard, long minPosition) {
        return new Request.Subscribe(shard, minPosition, List.of(new Request.Subscribe.Start(cache, -1)));
    }

    @Test
    void aSubscriptionEndsWhenItIsGivenUp() {
        connection.serve(5, subscribe(0, 0));
        change(6);
        assertThat(told.get(5L)).hasSize(2);
        connection.serve(7, new Request.Unsubscribe(5));
        assertThat(told.get(7L)).containsExactly(new Reply.Done());
        change(8);
        assertThat(told.get(5L)).hasSize(2);
    }

    @Test
    void subscriptionsEndAndLeasesAreRenewedAlsoWhileAsManyRequestsAreInFlightAsMayBe() {
        connection.serve(5, subscribe(0, 0));
        log.hold();
        for (int i = 10; i < 10 + MAX_IN_FLIGHT; i++) {
            write(i);
        }
        write(20);
        assertThat(refusal(20)).isEqualTo(Status.BUSY);
        connection.serve(21, new Request.Unsubscribe(5));
        assertThat(told.get(21L)).containsExactly(new Reply.Done());
        assertThat(dispatcher.counts().subscriptions()).isZero();
        connection.serve(22, new Request.RenewLeases(1, 2, List.of(new Request.RenewLeases.Lease(0, 1))));
        assertThat(told.get(22L)).containsExactly(new Reply.Done());
    }

    private int created(String name) {
        CacheDefinition definition =
                new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        connection.serve(1, new Request.CreateCache(CacheProposal.exactly(definition), cache));
        return ((Reply.Created) told.remove(1L).get(0)).cache().id();
    }

    private static Request extending(long base, long position, int cache) {
        return new Request.Subscribe(0, 0, List.of(new Request.Subscribe.Start(cache, -1))).extending(base, position);
    }

    @Test
    void aSubscriptionThatExtendsAnotherBringsTheChangesOfBothFromWhereTheFirstWas() {
        int other = created("other");
        change(4);
        connection.serve(5, subscribe(0, 0));
        change(6);
        connection.serve(7, extending(5, -1, other));
        connection.serve(8, extending(7, 2, other));
        connection.serve(5, new Request.Unsubscribe(5));
        connection.serve(9, extending(7, 1, other));
        assertThat(told.get(7L))
                .element(1)
                .satisfies(reply -> assertThat(changed(reply)).containsExactly(cache));
        assertThat(told.get(8L)).hasSize(1);
        assertThat(told.get(9L))
                .element(1)
                .satisfies(reply -> assertThat(changed(reply)).containsExactly(cache));
        cache = other;
        change(10);
        assertThat(changed(told.get(8L).get(1))).containsExactly(other);
    }

    private static List<Integer> changed(Reply reply) {
        return ((Reply.Changes) reply)
                .caches().stream().map(Reply.Changes.OfCache::cacheId).toList();
    }

    @Test
    void aSubscriptionThatExtendsNoneOfItsConnectionIsRefused() {
        connection.serve(5, subscribe(0, 0));
        connectionOf((NodeId) null).serve(6, extending(5, 0, cache));
        assertThat(refusal(6)).isEqualTo(Status.BEHIND);
        connection.serve(7, new Request.Unsubscribe(5));
        connection.serve(8, extending(5, 0, cache));
        assertThat(refusal(8)).isEqualTo(Status.BEHIND);
    }

    @Test
    void aSubscriptionHasAtMost65536CachesAlsoTogetherWithThoseThatItExtends() {
        connection.serve(5, new Request.Subscribe(0, 0, others(65_537)));
        assertThat(refusal(5)).isEqualTo(Status.INVALID);
        connection.serve(6, subscribe(0, 0));
        connection.serve(7, new Request.Subscribe(0, 0, others(65_536)).extending(6, -1));
        assertThat(refusal(7)).isEqualTo(Status.INVALID);
        connection.serve(8, new Request.Subscribe(0, 0, others(65_535)).extending(6, -1));
        world.pass(Duration.ofSeconds(1));
        assertThat(((Reply.Subscribed) told.get(8L).get(0)).unknown()).hasSize(65_535);
        connection.serve(9, new Request.Subscribe(0, 0, others(65_535)).extending(8, -1));
        world.pass(Duration.ofSeconds(1));
        assertThat(told.get(9L)).as("unknown caches do not count").first().isInstanceOf(Reply.Subscribed.class);
    }

    /** Caches that do not exist. */
    private List<Request.Subscribe.Start> others(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> new Request.Subscribe.Start(cache + i, -1))
                .toList();
    }

    @Test
    void aSubscriberThatDoesNotReadLosesItsSubscription() {
        connection.serve(5, subscribe(0, 0));
        writable = false;
        change(6);
        assertThat(refusal(5)).isEqualTo(Status.BUSY);
        assertThat(dispatcher.counts()).isEqualTo(new RequestDispatcher.Counts(1, 0, 0, 0, 0, 0, 1));
        writable = true;
        change(7);
        assertThat(told.get(5L)).hasSize(2);
    }

    @Test
    void aSubscriptionThatWaitsForItsPositionEndsWithTheConnection() {
        connection.serve(5, subscribe(0, 1));
        connection.closed();
        write(6);
        world.pass(Duration.ofSeconds(1));
        assertThat(told).doesNotContainKey(5L);
    }

    @Test
    void aLeaseGoesToTheNextWhenTheConnectionThatAskedForItIsClosed() {
        RequestServer.Connection other = connectionOf((NodeId) null);
        connection.serve(5, new Request.ReadForUpdate(cache, 0, KEY, new LeaseId(1, 2, 3), 9_000, 3_000));
        other.serve(6, new Request.ReadForUpdate(cache, 0, KEY, new LeaseId(3, 4, 5), 9_000, 3_000));
        assertThat(told).containsOnlyKeys(5L);
        connection.closed();
        assertThat(told.get(6L)).hasSize(1).first().isInstanceOf(Reply.Leased.class);
    }

    @Test
    void aSessionThatRenewsItsLeaseKeepsIt() {
        RequestServer.Connection other = connectionOf((NodeId) null);
        connection.serve(5, new Request.ReadForUpdate(cache, 0, KEY, new LeaseId(1, 2, 3), 9_000, 3_000));
        other.serve(6, new Request.ReadForUpdate(cache, 0, KEY, new LeaseId(3, 4, 5), 9_000, 10_000));
        for (int second = 0; second < 5; second++) {
            world.pass(Duration.ofSeconds(1));
            connection.serve(
                    7,
                    new Request.RenewLeases(
                            1, 2, List.of(new Request.RenewLeases.Lease(0, 3), new Request.RenewLeases.Lease(9, 4))));
        }
        assertThat(told.get(7L)).containsOnly(new Reply.Done());
        assertThat(told).doesNotContainKey(6L);
        world.pass(Duration.ofSeconds(3));
        assertThat(told.get(6L)).hasSize(1).first().isInstanceOf(Reply.Leased.class);
    }

    @Test
    void aSubscriptionToWhatIsNotThereIsRefusedAndItsIdIsFreeAgain() {
        connection.serve(5, subscribe(8, 0));
        assertThat(refusal(5)).isEqualTo(Status.MOVED);
        for (int i = 0; i < MAX_IN_FLIGHT; i++) {
            connection.serve(5, subscribe(8, 0));
            assertThat(refusal(5)).isEqualTo(Status.MOVED);
        }
        connection.serve(6, subscribe(0, 0));
        assertThat(told.get(6L)).hasSize(1).first().isInstanceOf(Reply.Subscribed.class);
    }

    @Test
    void aConnectionKeepsNoSubscriptionThatHasEnded() {
        for (int i = 0; i < 1_000; i++) {
            connection.serve(10, subscribe(0, 0));
            connection.serve(11, new Request.Unsubscribe(10));
            connection.serve(12, subscribe(0, 0));
            change(13);
            writable = false;
            change(14);
            writable = true;
            assertThat(refusal(12)).isEqualTo(Status.BUSY);
            RequestServer.Connection lost = connectionOf((NodeId) null);
            lost.serve(15, subscribe(0, 0));
            lost.closed();
            assertThat(told.get(15L)).last().isInstanceOf(Reply.Subscribed.class);
            told.clear();
        }
        change(16);
        assertThat(told).containsOnlyKeys(16L);
    }

    @Test
    void requestsThatFailInTheNodeKeepNoPlaceOfTheirConnection() {
        connection = connectionOf(new Identity.InThisJvm());
        for (int i = 0; i < 2 * MAX_IN_FLIGHT; i++) {
            connection.serve(11, new Request.Get(cache, 0, null, true, Consistency.SESSION, 0, 0));
            assertThat(refusal(11)).isEqualTo(Status.INTERNAL);
        }
        assertThat(dispatcher.counts().failed()).isEqualTo(2 * MAX_IN_FLIGHT);
        write(15);
        assertThat(told.get(15L)).first().isInstanceOf(Reply.Written.class);
    }

    @Test
    void aClientThatIsTooFastIsRefusedAndKeepsNoPlace() {
        for (int i = 0; i < RATES.client().requests(); i++) {
            write(15);
        }
        assertThat(told.get(15L)).allSatisfy(reply -> assertThat(reply).isInstanceOf(Reply.Written.class));
        told.clear();
        for (int i = 0; i < MAX_IN_FLIGHT; i++) {
            write(16);
        }
        assertThat(told).as("they wait for a moment").isEmpty();
        write(17);
        assertThat(refusal(17)).isEqualTo(Status.BUSY);
        assertThat(dispatcher.counts().inFlight()).isEqualTo(MAX_IN_FLIGHT);
        world.pass(Duration.ofMillis(10));
        assertThat(told.get(16L)).hasSize(MAX_IN_FLIGHT);
        assertThat(dispatcher.counts().inFlight()).isZero();
        connection.serve(18, new Request.ListCaches());
        assertThat(told.get(18L)).first().isInstanceOf(Reply.Caches.class);
    }

    @Test
    void aForwardedRequestGetsTheOtherNodesReply() {
        connection.serve(5, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(others.requests()).containsExactly(new Request.ListCaches());
        assertThat(told).isEmpty();
        assertThat(gateway.counts()).isEqualTo(new Gateway.Counts(1, 0, 0, 1));
        others.last().answer(new Reply.Caches(List.of(), 0));
        assertThat(told.get(5L)).containsExactly(new Reply.Caches(List.of(), 0));
        assertThat(gateway.counts()).isEqualTo(new Gateway.Counts(1, 0, 0, 0));
    }

    @Test
    void aForwardedRequestWithoutAReplyIsRefusedAsNotSentOrAsUnknown() {
        connection.serve(5, new Request.PassOn(B, new Request.ListCaches()));
        others.last().handler().failed(true, new IOException("the connection broke"));
        assertThat(refusal(5)).isEqualTo(Status.INDETERMINATE);
        connection.serve(6, new Request.PassOn(B, new Request.ListCaches()));
        others.last().handler().failed(false, new IOException("refused"));
        assertThat(refusal(6)).isEqualTo(Status.UNREACHABLE);
        connection.serve(7, new Request.PassOn(new NodeId("no-member"), new Request.ListCaches()));
        assertThat(refusal(7)).isEqualTo(Status.UNREACHABLE);
        assertThat(gateway.counts()).isEqualTo(new Gateway.Counts(3, 2, 1, 0));
    }

    @Test
    void whatASessionAsksOfANodeIsForwarded() {
        List<Request> passed = List.of(
                new Request.RenewLeases(1, 2, List.of(new Request.RenewLeases.Lease(0, 3))),
                new Request.Release(cache, 0, KEY, new LeaseId(1, 2, 3), Condition.ANY),
                new Request.AlterCache(cache, 1, null, 7L, null, null, null));
        passed.forEach(request -> connection.serve(5, new Request.PassOn(B, request)));
        assertThat(others.requests()).isEqualTo(passed);
        connectionOf((NodeId) null).serve(6, new Request.PassOn(B, new Request.DescribeCluster()));
        connectionOf((NodeId) null).serve(7, new Request.PassOn(B, subscribe(0, 0)));
        assertThat(others.requests()).endsWith(new Request.DescribeCluster(), subscribe(0, 0));
    }

    @Test
    void whatIsBetweenNodesOrOfTheConnectionIsNotForwardedNorIsAnythingTwice() {
        for (Request request : List.of(
                new Request.ToLog(KEY),
                new Request.ReplicasMoved(0, 1),
                new Request.OpenReplica(0, List.of(A)),
                new Request.Unsubscribe(4),
                new Request.Hello(1, 1, "c", null),
                new Request.PassOn(A, new Request.ListCaches()))) {
            connection.serve(5, new Request.PassOn(B, request));
            assertThat(refusal(5)).isEqualTo(Status.INVALID);
        }
        assertThat(others.sent()).isEmpty();
    }

    @Test
    void aRequestThatIsForwardedToTheNodeItselfIsAnsweredThere() {
        connection.serve(5, new Request.PassOn(A, subscribe(0, 0)));
        change(6);
        assertThat(told.get(5L)).hasSize(2);
        connection.serve(7, new Request.Unsubscribe(5));
        change(8);
        assertThat(told.get(5L)).hasSize(2);
        assertThat(others.sent()).isEmpty();
        assertThat(gateway.counts()).isEqualTo(new Gateway.Counts(0, 0, 0, 0));
    }

    @Test
    void forwardedRequestsCountAmongThoseInFlightOnTheirConnection() {
        for (int i = 1; i <= MAX_IN_FLIGHT; i++) {
            connection.serve(i, new Request.PassOn(B, new Request.ListCaches()));
        }
        connection.serve(9, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(refusal(9)).isEqualTo(Status.BUSY);
        others.last().answer(new Reply.Caches(List.of(), 0));
        connection.serve(9, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(others.sent()).hasSize(MAX_IN_FLIGHT + 1);
    }

    @Test
    void aForwardedSubscriptionEndsAtTheOtherNodeWhenItIsGivenUp() {
        connection.serve(5, new Request.PassOn(B, subscribe(0, 0)));
        ScriptedNodes.Sent there = others.last();
        there.answer(new Reply.Subscribed(7, List.of()));
        there.answer(new Reply.Changes(8, List.of(), List.of()));
        assertThat(told.get(5L)).hasSize(2);
        assertThat(gateway.counts().pending()).isOne();
        connection.serve(6, new Request.Unsubscribe(5));
        assertThat(others.last().request()).isEqualTo(new Request.Unsubscribe(there.correlationId()));
        assertThat(gateway.counts().pending()).isZero();
    }

    @Test
    void aForwardedSubscriptionOfAClientThatDoesNotReadEndsAtTheOtherNode() {
        connection.serve(5, new Request.PassOn(B, subscribe(0, 0)));
        ScriptedNodes.Sent there = others.last();
        there.answer(new Reply.Subscribed(7, List.of()));
        writable = false;
        there.answer(new Reply.Changes(8, List.of(), List.of()));
        assertThat(refusal(5)).isEqualTo(Status.BUSY);
        assertThat(others.last().request()).isEqualTo(new Request.Unsubscribe(there.correlationId()));
    }

    @Test
    void aForwardedSubscriptionThatExtendsAnotherNamesTheCachesOfBoth() {
        connection.serve(5, new Request.PassOn(B, subscribe(0, 0)));
        others.last().answer(new Reply.Subscribed(7, List.of()));
        connection.serve(6, new Request.PassOn(B, extending(5, 9, cache + 1)));
        assertThat(others.last().request())
                .isEqualTo(new Request.Subscribe(
                        0,
                        0,
                        List.of(new Request.Subscribe.Start(cache, 9), new Request.Subscribe.Start(cache + 1, -1))));
    }

    @Test
    void aForwardedSubscriptionEndsForTheClientWhenTheOtherNodeIsGone() {
        connection.serve(5, new Request.PassOn(B, subscribe(0, 0)));
        others.last().answer(new Reply.Subscribed(7, List.of()));
        others.last().handler().failed(true, new IOException("the connection broke"));
        assertThat(refusal(5)).isEqualTo(Status.INDETERMINATE);
        assertThat(gateway.counts()).isEqualTo(new Gateway.Counts(1, 0, 1, 0));
    }

    @Test
    void eachConnectionHasItsOwnLinksToOtherNodesWhichEndWithIt() {
        RequestServer.Connection another = connectionOf((NodeId) null);
        connection.serve(5, new Request.PassOn(B, new Request.ListCaches()));
        connection.serve(6, new Request.PassOn(B, new Request.ListCaches()));
        another.serve(7, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(others.links()).hasSize(2);
        connection.closed();
        assertThat(others.links()).extracting(Link::isOpen).containsExactly(false, true);
        another.serve(8, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(others.links()).hasSize(2);
        others.links().get(1).close();
        another.serve(9, new Request.PassOn(B, new Request.ListCaches()));
        assertThat(others.links()).hasSize(3);
    }

    @Test
    void onlyNodesTalkToTheLogs() {
        connection.serve(5, new Request.ToLog(KEY));
        assertThat(refusal(5)).isEqualTo(Status.INVALID);
        assertThat(saidToLogs).isEmpty();
        connectionOf(B).serve(6, new Request.ToLog(KEY));
        assertThat(told.get(6L)).containsExactly(new Reply.FromLog(KEY));
        assertThat(saidToLogs).containsExactly(KEY);
    }

    @Test
    void aHandshakeInsteadOfARequestIsInvalid() {
        connection.serve(5, new Request.Hello(1, 1, "c", null));
        assertThat(refusal(5)).isEqualTo(Status.INVALID);
    }

    @Test
    void everyTypeOfRequestHasAHandlerExceptTheHandshake() {
        Set<Class<?>> types = new HashSet<>(recordsOf(Request.class));
        assertThat(types.removeAll(Set.of(Request.Hello.class, Request.Authenticate.class)))
                .isTrue();
        assertThat(dispatcher.served())
                .containsExactlyInAnyOrderElementsOf(types.stream()
                        .<Class<? extends Request>>map(type -> type.asSubclass(Request.class))
                        .toList());
    }

    private static final Identity ADA = new Identity.OfUser("ada", "there");

    /** A client without encryption may do that here, so that what ada may do can be said. */
    private void grant(Role role) {
        change(new AccessChange.PutUser(User.certified("root", Set.of(Role.ADMINISTRATOR.name())), true));
        change(new AccessChange.PutRole(role));
        change(new AccessChange.PutUser(User.certified("ada", Set.of(role.name())), true));
    }

    private void change(AccessChange change) {
        connection.serve(2, new Request.DescribeAccess());
        int revision = ((Reply.Access) told.remove(2L).get(0)).rules().revision();
        connection.serve(2, new Request.ChangeAccess(revision, change));
        assertThat(told.remove(2L)).singleElement().isInstanceOf(Reply.Access.class);
    }

    private static Role reading(String pattern) {
        return new Role("reading", Set.of(), Map.of(pattern, Set.of(Right.READ)));
    }

    private Request size() {
        return new Request.Size(cache, 0, Consistency.SESSION, 0, 0);
    }

    private RequestServer.Connection ofAda() {
        RequestServer.Connection ada = connectionOf(ADA);
        ada.serve(3, new Request.DescribeCluster());
        assertThat(refusal(3)).isEqualTo(Status.BUSY);
        control.keepAccess();
        return ada;
    }

    @Test
    void aUserIsServedWhatItsRolesPermitOnceTheRulesAreKnown() {
        grant(reading("c"));
        int other = created("other");
        RequestServer.Connection ada = ofAda();
        ada.serve(5, size());
        assertThat(told.get(5L)).singleElement().isInstanceOf(Reply.Count.class);
        ada.serve(6, new Request.Clear(cache, 0, new RequestId(1, 2, 1, 1)));
        assertThat(refusal(6)).isEqualTo(Status.FORBIDDEN);
        ada.serve(7, new Request.Size(other, 0, Consistency.SESSION, 0, 0));
        assertThat(refusal(7)).isEqualTo(Status.FORBIDDEN);
        ada.serve(8, new Request.ListCaches());
        assertThat(((Reply.Caches) told.get(8L).get(0)).caches())
                .extracting(info -> info.definition().name())
                .containsExactly("c");
        ada.serve(9, new Request.DescribeAccess());
        assertThat(refusal(9)).isEqualTo(Status.FORBIDDEN);
    }

    @Test
    void whatIsPassedOnNeedsTheSameRights() {
        grant(reading("c"));
        RequestServer.Connection ada = ofAda();
        ada.serve(5, new Request.PassOn(B, new Request.Clear(cache, 0, new RequestId(1, 2, 1, 1))));
        assertThat(refusal(5)).isEqualTo(Status.FORBIDDEN);
        assertThat(others.sent()).isEmpty();
        CacheDefinition definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        ada.serve(6, new Request.PassOn(B, new Request.CreateCache(CacheProposal.exactly(definition), 0)));
        assertThat(others.last().request())
                .isEqualTo(new Request.CreateCache(CacheProposal.exactly(definition), 0, true));
        ada.serve(7, new Request.PassOn(B, new Request.ListCaches()));
        CacheInfo hidden = new CacheInfo(
                77, new CacheDefinition("hidden", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
        others.last().answer(new Reply.Caches(List.of(hidden), 77));
        assertThat(told.get(7L)).containsExactly(new Reply.Caches(List.of(), 77));
    }

    @Test
    void aSubscriptionEndsWithTheRightToRead() {
        grant(reading("c"));
        RequestServer.Connection ada = ofAda();
        ada.serve(5, subscribe(0, 0));
        change(6);
        assertThat(told.get(5L)).hasSize(2);
        change(new AccessChange.PutRole(reading("d")));
        change(7);
        assertThat(told.get(5L)).hasSize(3);
        assertThat(refusal(5)).isEqualTo(Status.FORBIDDEN);
        change(8);
        assertThat(told.get(5L)).hasSize(3);
    }

    @Test
    void refusalsAndChangesAreAudited() {
        grant(reading("c"));
        audited.clear();
        RequestServer.Connection ada = ofAda();
        ada.serve(5, size());
        ada.serve(6, new Request.DestroyCache(cache));
        connection.serve(7, new Request.DestroyCache(cache));
        connection.serve(8, new Request.PassOn(B, new Request.DestroyCache(cache)));
        others.last().answer(new Reply.Refused(Status.MOVED, "elsewhere", 0, A));
        assertThat(audited).hasSize(3);
        assertThat(audited.get(0)).contains("\"event\":\"connect\",\"user\":\"ada\",\"from\":\"there\"");
        assertThat(audited.get(1))
                .contains("\"user\":\"ada\"", "DestroyCache[cacheId=" + cache, "\"outcome\":\"refused\"");
        assertThat(audited.get(2))
                .contains("\"from\":\"here\"", "DestroyCache[cacheId=" + cache, "\"outcome\":\"granted\"");
    }

    @Test
    void aRecordingThatIsReadInPiecesIsAuditedOnce() {
        audited.clear();
        connection.serve(5, new Request.StartRecording(1000));
        connection.serve(6, new Request.ReadRecording(0));
        connection.serve(7, new Request.ReadRecording(1 << 18));
        assertThat(audited).hasSize(2);
        assertThat(audited.get(0)).contains("StartRecording[millis=1000]");
        assertThat(audited.get(1)).contains("ReadRecording[offset=0]");
    }

    @Test
    void aRefusalThatIsRepeatedIsAuditedOnceAMinuteWithHowOften() {
        grant(reading("c"));
        RequestServer.Connection ada = ofAda();
        audited.clear();
        for (int i = 0; i < 100; i++) {
            ada.serve(5, new Request.DestroyCache(cache));
            ada.serve(6, new Request.DescribeDrained());
        }
        assertThat(audited).hasSize(2);
        world.pass(Duration.ofMinutes(2));
        ada.serve(5, new Request.DestroyCache(cache));
        assertThat(audited).hasSize(3);
        assertThat(audited.get(2)).endsWith("\"outcome\":\"refused\",\"repeated\":99}");
    }

    private static Set<Class<?>> recordsOf(Class<?> type) {
        if (!type.isSealed()) {
            return Set.of(type);
        }
        Set<Class<?>> records = new HashSet<>();
        for (Class<?> permitted : type.getPermittedSubclasses()) {
            records.addAll(recordsOf(permitted));
        }
        return records;
    }
}
