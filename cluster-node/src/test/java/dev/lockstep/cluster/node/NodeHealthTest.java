package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A single node that believes what the test says of shard 3. */
class NodeHealthTest {

    private static final NodeId SELF = new NodeId("n1");
    private static final NodeId OTHER = new NodeId("n2");
    private static final Set<NodeId> VOTERS = Set.of(SELF, OTHER, new NodeId("n3"));
    private static final Duration STALENESS = Duration.ofSeconds(5);

    private final SimulatedWorld world = new SimulatedWorld();
    private final NodeCore core = new NodeCore(
            new NodeCore.Place(
                    "c",
                    new Member(SELF, "localhost", 1),
                    Layout.settled(
                            1,
                            Layout.nodes(List.of(new Member(SELF, "localhost", 1))),
                            new ShardMap(Layout.UNFORMED, List.of(List.of(SELF)))),
                    List.of(new Member(SELF, "localhost", 1)),
                    layout -> {},
                    new ControlGroup.Rules(
                            new Templates(Map.of(), Map.of()), 1, Optional.empty(), ClusterVersion.Range.OWN),
                    false),
            new LocalConsensus(SELF),
            HeapStore.FACTORY,
            null,
            world,
            world,
            new NodeCore.Limits(
                    STALENESS, Duration.ofSeconds(2), 100, MemoryBudget.UNLIMITED, Rates.UNLIMITED, Optional.empty()),
            RequestObserver.NONE,
            Surroundings.NONE);

    private ReplicatedLog.Leadership leadership = ScriptedLog.following(4, OTHER, VOTERS);
    private ReplicaStatus status = new ReplicaStatus(3, State.INTACT, 4, 9, false, "");
    private long contactNanos;
    private long committed = 10;

    private final ReplicatedLog<String, String> log = new ReplicatedLog<>() {
        @Override
        public CompletableFuture<String> propose(String entry) {
            return new CompletableFuture<>();
        }

        @Override
        public Leadership leadership() {
            return leadership;
        }

        @Override
        public long commitPosition() {
            return 9;
        }

        @Override
        public long knownCommitPosition() {
            return committed;
        }

        @Override
        public long appliedPosition() {
            return 9;
        }

        @Override
        public long sinceLeaderContactNanos() {
            return contactNanos;
        }

        @Override
        public void stepDown(@Nullable NodeId successor) {}

        @Override
        public void close() {}
    };

    private final NodeHealth health = new NodeHealth(
            core,
            new Consensus() {
                @Override
                public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public List<ReplicaStatus> replicas() {
                    return List.of(status);
                }

                @Override
                public void close() {}
            },
            () -> Map.of(3, log),
            STALENESS);

    @Test
    void aFollowerThatHearsItsLeaderIsReady() {
        assertThat(health.ready()).isEmpty();
        contactNanos = STALENESS.toNanos();
        committed = 9 + NodeHealth.MAX_LAG;
        assertThat(health.ready()).isEmpty();
    }

    @Test
    void aReplicaThatIsCutOffOrBehindIsNot() {
        contactNanos = STALENESS.toNanos() + 1_000_000;
        assertThat(health.ready()).containsExactly("shard 3 has not heard from its leader for 5001 ms");
        contactNanos = Long.MAX_VALUE;
        assertThat(health.ready()).containsExactly("shard 3 has not heard from its leader yet");
        contactNanos = 0;
        committed = 10 + NodeHealth.MAX_LAG;
        assertThat(health.ready()).containsExactly("shard 3 is 1025 positions behind");
        leadership = ScriptedLog.following(4, null, VOTERS);
        assertThat(health.ready()).containsExactly("shard 3 knows no leader");
        leadership = new ReplicatedLog.Leadership(4, true, false, SELF, List.of(VOTERS));
        assertThat(health.ready()).containsExactly("shard 3 has just been elected");
    }

    @Test
    void aReplicaThatIsNotWholeOrHasASlowDiskIsNot() {
        status = new ReplicaStatus(3, State.CATCHING_UP, 4, 9, false, "");
        assertThat(health.ready()).containsExactly("shard 3 is catching up");
        status = new ReplicaStatus(3, State.LOST, 4, 9, false, "it waits for n2");
        assertThat(health.ready()).containsExactly("shard 3 is lost: it waits for n2");
        status = new ReplicaStatus(3, State.INTACT, 4, 9, false, ReplicaStatus.SLOW_DISK);
        assertThat(health.ready()).containsExactly("shard 3: its disk is slow");
    }

    @Test
    void aNodeThatIsAboutToStopIsNotReadyAndAlive() {
        core.handOver();
        assertThat(health.ready()).containsExactly("the node is about to stop");
        assertThat(health.live()).isEmpty();
    }

    @Test
    void nothingButTheProcessItselfMakesANodeDead() {
        leadership = ScriptedLog.following(4, null, VOTERS);
        status = new ReplicaStatus(3, State.STOPPED, 4, 9, false, "");
        assertThat(health.ready()).hasSize(2);
        assertThat(health.live()).isEmpty();
    }

    @Test
    void aNodeWhoseLoopIsStuckIsDead() {
        world.close();
        world.pass(Duration.ofSeconds(31));
        assertThat(health.live()).containsExactly("the node has not looked after its replicas for 31 s");
    }

    @Test
    void aNodeIsStartedOnceItsGroupsHaveHadALeader() {
        assertThat(health.started()).isEmpty();
    }
}
