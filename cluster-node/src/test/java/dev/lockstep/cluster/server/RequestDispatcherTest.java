package dev.lockstep.cluster.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.eviction.Shares;
import dev.lockstep.cluster.reads.ReadRounds;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.SteeredLog;
import dev.lockstep.cluster.testing.SteeredPeers;
import dev.lockstep.protocol.routing.RequestServer;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One connection to a node whose control group is alone and whose one shard, 0, is led from here in term 4. */
class RequestDispatcherTest {

    private static final NodeId A = new NodeId("a");
    private static final Bytes KEY = Bytes.utf8("key");
    private static final int MAX_IN_FLIGHT = 3;

    private final SimulatedWorld world = new SimulatedWorld();
    private final SteeredPeers peers = new SteeredPeers();
    private long aheadOfA;
    private final MemberClocks clocks = new MemberClocks(
            A,
            List.of(A, new NodeId("b"), new NodeId("c")),
            (peer, request, answer) -> answer.accept(new Reply.Clock(world.millis() + this.aheadOfA)),
            world);
    private final ReadRounds rounds = new ReadRounds(A, peers, world, Duration.ofSeconds(1));
    private final SteeredLog log = new SteeredLog(SteeredLog.leading(4, A, Set.of(A)));
    private final Map<Long, List<Reply>> told = new LinkedHashMap<>();
    private final List<Bytes> saidToLogs = new ArrayList<>();
    private boolean writable = true;
    private RequestDispatcher dispatcher;
    private RequestServer.Connection connection;
    private int cache;
    private long sequence;

    @BeforeEach
    void connect() {
        LocalConsensus consensus = new LocalConsensus(A);
        ControlGroup control = new ControlGroup(consensus, List.of(A), rounds, peers, world, world);
        var limits = new ShardReplica.Limits(Duration.ofSeconds(5), 100);
        ShardHost shards = new ShardHost(Map.of(
                0,
                new ShardReplica(
                        0,
                        List.of(A),
                        log.consensus(),
                        ShardStores.HEAP,
                        control,
                        rounds,
                        AgreeingClocks.of(A, List.of(A), world),
                        new Shares(1),
                        world,
                        world,
                        limits)));
        ClusterView view = new ClusterView("c", List.of(), new ShardMap(1, List.of(List.of(A))), Map.of());
        dispatcher =
                new RequestDispatcher(talking(consensus), control, shards, clocks, world, () -> view, MAX_IN_FLIGHT);
        connection = connectionOf(null);
        CacheDefinition definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        connection.serve(1, new Request.CreateCache(definition));
        cache = ((Reply.Caches) told.get(1L).get(0)).caches().get(0).id();
        told.clear();
    }

    /** Logs that say what they are told. */
    private Consensus talking(Consensus consensus) {
        return new Consensus() {
            @Override
            public ReplicatedLog open(int group, List<NodeId> replicas, LogMachine machine) {
                return consensus.open(group, replicas, machine);
            }

            @Override
            public void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
                saidToLogs.add(message);
                answer.accept(new Reply.FromLog(message));
            }

            @Override
            public List<ReplicaStatus> replicas() {
                return List.of(
                        new ReplicaStatus(0, ReplicaStatus.State.WHOLE, 4, 1, true, ""),
                        new ReplicaStatus(1, ReplicaStatus.State.LOST, 4, 1, false, "its log is gone"));
            }

            @Override
            public void close() {
                consensus.close();
            }
        };
    }

    private RequestServer.Connection connectionOf(NodeId peer) {
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
    void aNodeTellsOthersWhatItsWallClockSays() {
        connection.serve(7, new Request.ReadClock());
        assertThat(told.get(7L)).containsExactly(new Reply.Clock(world.millis()));
    }

    @Test
    void theStatusOfReplicasSaysWhenTheirNodesClockIsOff() {
        connection.serve(5, new Request.DescribeReplicas());
        assertThat(notes(5)).containsExactly("", "its log is gone");
        aheadOfA = 3_600_000;
        clocks.tick();
        connection.serve(6, new Request.DescribeReplicas());
        String note = "its node's clock is 3600 s behind what most members' clocks say";
        assertThat(notes(6)).containsExactly(note, "its log is gone; " + note);
    }

    private List<String> notes(long correlation) {
        return ((Reply.Replicas) told.get(correlation).get(0))
                .replicas().stream().map(ReplicaStatus::note).toList();
    }

    @Test
    void aConnectionWithTooMuchUnderWayIsRefused() {
        log.hold();
        for (int i = 1; i <= MAX_IN_FLIGHT; i++) {
            write(i);
        }
        write(9);
        assertThat(refusal(9)).isEqualTo(Status.BUSY);
        while (log.applyNext()) {
            assertThat(told).isNotEmpty();
        }
        write(10);
        log.applyNext();
        assertThat(told.get(10L)).hasSize(1).first().isInstanceOf(Reply.Written.class);
    }

    @Test
    void aSubscriptionEndsWhenItIsGivenUp() {
        connection.serve(5, new Request.Subscribe(cache, 0, -1, 0));
        write(6);
        assertThat(told.get(5L)).hasSize(2);
        connection.serve(7, new Request.Unsubscribe(5));
        assertThat(told.get(7L)).containsExactly(new Reply.Done());
        write(8);
        assertThat(told.get(5L)).hasSize(2);
    }

    @Test
    void aSubscriberThatDoesNotReadLosesItsSubscription() {
        connection.serve(5, new Request.Subscribe(cache, 0, -1, 0));
        writable = false;
        write(6);
        assertThat(refusal(5)).isEqualTo(Status.BUSY);
        writable = true;
        write(7);
        assertThat(told.get(5L)).hasSize(2);
    }

    @Test
    void aSubscriptionThatWaitsForItsPositionEndsWithTheConnection() {
        connection.serve(5, new Request.Subscribe(cache, 0, -1, 1));
        connection.closed();
        write(6);
        world.pass(Duration.ofSeconds(1));
        assertThat(told).doesNotContainKey(5L);
    }

    @Test
    void aSubscriptionToWhatIsNotThereIsRefusedAndItsIdIsFreeAgain() {
        connection.serve(5, new Request.Subscribe(cache, 8, -1, 0));
        assertThat(refusal(5)).isEqualTo(Status.MOVED);
        for (int i = 0; i < MAX_IN_FLIGHT; i++) {
            connection.serve(5, new Request.Subscribe(cache, 8, -1, 0));
            assertThat(refusal(5)).isEqualTo(Status.MOVED);
        }
        connection.serve(6, new Request.Subscribe(cache, 0, -1, 0));
        assertThat(told.get(6L)).hasSize(1).first().isInstanceOf(Reply.Subscribed.class);
    }

    @Test
    void onlyNodesTalkToTheLogs() {
        connection.serve(5, new Request.ToLog(KEY));
        assertThat(refusal(5)).isEqualTo(Status.INVALID);
        assertThat(saidToLogs).isEmpty();
        connectionOf(new NodeId("b")).serve(6, new Request.ToLog(KEY));
        assertThat(told.get(6L)).containsExactly(new Reply.FromLog(KEY));
        assertThat(saidToLogs).containsExactly(KEY);
    }

    @Test
    void whatIsNoRequestForANodeIsInvalid() {
        connection.serve(5, new Request.Hello(1, 1, "c", null));
        assertThat(refusal(5)).isEqualTo(Status.INVALID);
    }
}
