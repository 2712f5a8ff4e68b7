package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A single node with one shard in memory. */
class NodeCoreTest {

    private static final Member SELF = new Member(new NodeId("n1"), "localhost", 1);

    private final SimulatedWorld world = new SimulatedWorld();
    private final CountingLoop loop = new CountingLoop();
    private NodeCore core = node(Duration.ofSeconds(5), false);
    private int sequence;
    private boolean forgets;

    private void remember(Layout layout) {
        if (forgets) {
            throw new IllegalStateException("forgotten");
        }
    }

    private NodeCore node(Duration maxStaleness, boolean hasUsers) {
        return new NodeCore(
                new NodeCore.Place(
                        "c",
                        SELF,
                        Layout.settled(
                                1,
                                Layout.nodes(List.of(SELF)),
                                new ShardMap(Layout.UNFORMED, List.of(List.of(SELF.id())))),
                        List.of(SELF),
                        this::remember,
                        new ControlGroup.Rules(
                                new Templates(Map.of(), Map.of()), 1, Optional.empty(), ClusterVersion.Range.OWN),
                        hasUsers),
                new LocalConsensus(SELF.id()),
                HeapStore.FACTORY,
                null,
                world,
                loop,
                new NodeCore.Limits(
                        maxStaleness,
                        Duration.ofSeconds(2),
                        100,
                        MemoryBudget.UNLIMITED,
                        Rates.UNLIMITED,
                        Optional.empty()),
                RequestObserver.NONE,
                Surroundings.NONE);
    }

    /** Counts what is begun later: upkeep alone, as no request here waits for anything. */
    private final class CountingLoop implements EventLoop {

        private int scheduled;

        @Override
        public void execute(Runnable task) {
            world.execute(task);
        }

        @Override
        public Timer schedule(long delayNanos, Runnable task) {
            scheduled++;
            return world.schedule(delayNanos, task);
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void close() {}
    }

    @AfterEach
    void close() {
        core.close();
    }

    private int upkeepsIn(Duration time) {
        int before = loop.scheduled;
        world.pass(time);
        return loop.scheduled - before;
    }

    private Reply answer(Identity peer, Request request) {
        Reply[] answer = new Reply[1];
        core.server()
                .connect(peer, new RequestServer.Replies() {
                    @Override
                    public void send(long correlationId, Reply reply) {
                        answer[0] = reply;
                    }

                    @Override
                    public boolean isWritable() {
                        return true;
                    }
                })
                .serve(1, request);
        return answer[0];
    }

    private int createCache(long maxEntries) {
        var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", maxEntries, Consistency.SESSION);
        Reply created = answer(new Identity.InThisJvm(), new Request.CreateCache(CacheProposal.exactly(definition), 0));
        return ((Reply.Created) created).cache().id();
    }

    private void put(int cache, Lifetime lifetime) {
        sequence++;
        Mutation put =
                Mutation.put(Bytes.utf8("k"), Bytes.utf8("v"), Condition.ANY).living(lifetime);
        var id = new RequestId(1, 2, sequence, sequence);
        assertThat(core.replicas().serve(new Request.Write(cache, 0, id, List.of(put), LeaseId.NONE)))
                .isCompletedWithValueMatching(reply -> reply instanceof Reply.Written);
    }

    @Test
    void aNodeWhereNothingHappensLooksAfterItsReplicasLessOften() {
        assertThat(upkeepsIn(Duration.ofSeconds(1))).as("while it starts").isEqualTo(50);
        world.pass(Duration.ofSeconds(5));
        assertThat(upkeepsIn(Duration.ofSeconds(1))).as("then").isEqualTo(10);
        int cache = createCache(0);
        for (int i = 0; i < 10; i++) {
            put(cache, Lifetime.BY_RULE);
            world.pass(Duration.ofMillis(100));
        }
        int before = sequence;
        int upkeeps = 0;
        while (sequence < before + 50) {
            put(cache, Lifetime.BY_RULE);
            upkeeps += upkeepsIn(Duration.ofMillis(20));
        }
        assertThat(upkeeps).as("while it is written to").isEqualTo(50);
        world.pass(Duration.ofMillis(100));
        assertThat(upkeepsIn(Duration.ofSeconds(1))).as("after that").isEqualTo(10);
    }

    @Test
    void aNodeGoesOnLookingAfterItsReplicasAfterAFailure() {
        world.pass(Duration.ofSeconds(6));
        forgets = true;
        answer(new Identity.InThisJvm(), new Request.AddNode(new Member(new NodeId("n2"), "localhost", 2), ""));
        assertThatThrownBy(() -> world.pass(Duration.ofSeconds(1))).hasMessage("forgotten");
        forgets = false;
        world.pass(Duration.ofSeconds(2));
        assertThat(upkeepsIn(Duration.ofSeconds(1))).isGreaterThanOrEqualTo(10);
    }

    @Test
    void aQuietNodeLooksAfterItsReplicasOftenEnoughToConfirmItsLeaderships() {
        core.close();
        world.close();
        core = node(Duration.ofMillis(400), false);
        world.pass(Duration.ofSeconds(6));
        assertThat(upkeepsIn(Duration.ofSeconds(1))).isEqualTo(20);
    }

    @Test
    void anEntryOfAQuietNodeExpiresInTime() {
        int cache = createCache(0);
        for (int millis = 10_000; millis < 10_100; millis += 7) {
            put(cache, Lifetime.ofMillis(millis));
            world.pass(Duration.ofMillis(millis - 1));
            long before = core.appliedEntries();
            world.pass(Duration.ofMillis(40));
            assertThat(core.appliedEntries()).as("after %d ms", millis).isEqualTo(before + 1);
        }
    }

    @Test
    void aNodeWithABoundedCacheLooksForWhatToEvictAsOftenAsEver() {
        put(createCache(10), Lifetime.BY_RULE);
        world.pass(Duration.ofSeconds(10));
        assertThat(upkeepsIn(Duration.ofSeconds(1))).isEqualTo(50);
    }

    @Test
    void aNodeThatHasUsersIsReadyOnceItKnowsWhatTheyMayDo() {
        core.close();
        core = node(Duration.ofSeconds(5), true);
        while (!core.ready().isDone()) {
            world.pass(Duration.ofMillis(10));
        }
        assertThat(answer(new Identity.OfUser("ada", "127.0.0.1"), new Request.DescribeCluster()))
                .isInstanceOf(Reply.Cluster.class);
    }
}
