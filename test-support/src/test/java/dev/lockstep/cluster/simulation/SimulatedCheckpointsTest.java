package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The simulated log takes checkpoints, cuts itself off behind them, and goes on from them. */
class SimulatedCheckpointsTest implements SimulatedRaft.Observer {

    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final World world = new World(7, null);
    private final SimulatedNetwork network = new SimulatedNetwork(world, new SimulatedNetwork.Weather(0.05, 0.1));
    private final List<NodeId> ids = List.of(new NodeId("a"), new NodeId("b"), new NodeId("c"));
    private final List<Node> nodes = new ArrayList<>();
    private final List<Long> opened = new ArrayList<>();
    private final List<Long> installed = new ArrayList<>();
    private SimulatedRaft raft;
    private int proposed;

    private final class Node {
        private final NodeId id;
        private final SimulatedProcess process;
        private RecordingMachine machine;
        private ReplicatedLog<byte[], RecordingMachine.Entry> log;

        Node(NodeId id) {
            this.id = id;
            this.process = new SimulatedProcess(world, id.toString());
            open();
        }

        void open() {
            machine = new RecordingMachine();
            log = raft.consensus(id, process).open(0, ids, machine);
        }

        /** Restarts after a power cut. */
        void restart() {
            process.kill();
            raft.died(id);
            raft.powerCut(id);
            process.restart();
            open();
        }
    }

    @BeforeEach
    void open() {
        var checkpoints = new SimulatedRaft.Checkpoints(10, 0, 0.1, 0);
        raft = new SimulatedRaft(world, network, new SimulatedRaft.Hardships(0, 0, 0, true, 0.01, checkpoints), this);
        ids.forEach(id -> nodes.add(new Node(id)));
        opened.clear();
    }

    private void await(BooleanSupplier condition) {
        world.runUntil(world.nanos() + MINUTE_NANOS, condition);
        assertThat(world.failures()).isEmpty();
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private Node leader() {
        await(() -> nodes.stream().anyMatch(node -> node.log.leadership().ready()));
        return nodes.stream()
                .filter(node -> node.log.leadership().ready())
                .findFirst()
                .orElseThrow();
    }

    private Node follower() {
        Node leader = leader();
        return nodes.stream().filter(node -> node != leader).findFirst().orElseThrow();
    }

    private void propose(int count) {
        for (int i = 0; i < count; i++) {
            var answer = leader().log.propose(ReplicatedLogContract.bytes("entry " + proposed++));
            await(answer::isDone);
            assertThat(answer).isCompleted();
        }
    }

    private void awaitAllOf(Node node) {
        await(() -> node.machine.applied().size() == proposed);
        assertThat(node.machine.applied()).isEqualTo(leader().machine.applied());
    }

    @Test
    void aReplicaBehindTheTruncatedLogFetchesACheckpoint() {
        Node away = follower();
        nodes.stream().filter(node -> node != away).forEach(node -> {
            network.block(node.process, away.process);
            network.block(away.process, node.process);
        });
        propose(100);
        network.heal();
        awaitAllOf(away);
        assertThat(installed).isNotEmpty();
        assertThat(away.machine.restored()).isEqualTo(installed.size());
    }

    @Test
    void aReplicaResumesFromItsCheckpointAfterAPowerCut() {
        Node victim = follower();
        propose(100);
        awaitAllOf(victim);
        // It may still be writing its last.
        world.runUntil(world.nanos() + TimeUnit.SECONDS.toNanos(1), () -> false);
        victim.restart();
        assertThat(opened)
                .singleElement()
                .satisfies(position -> assertThat(position).isGreaterThan(80));
        assertThat(victim.machine.restored()).isEqualTo(1);
        awaitAllOf(victim);
        assertThat(installed).isEmpty();
        propose(1);
        awaitAllOf(victim);
    }

    @Test
    void allThatLoseTheirPowerAtOnceHaveAllThatWasAcknowledged() {
        for (int round = 0; round < 10; round++) {
            propose(23);
            nodes.forEach(Node::restart);
        }
        nodes.forEach(this::awaitAllOf);
    }

    @Test
    void withoutRoomAReplicaStopsUntilItsProcessIsStartedAgain() {
        Node victim = follower();
        propose(1);
        awaitAllOf(victim);
        raft.full(victim.id, true);
        propose(30);
        raft.full(victim.id, false);
        propose(30);
        assertThat(raft.hasStopped(victim.id)).isTrue();
        assertThat(victim.machine.applied()).hasSize(1);
        assertThat(victim.log.sinceLeaderContactNanos()).isEqualTo(Long.MAX_VALUE);
        victim.restart();
        assertThat(raft.hasStopped(victim.id)).isFalse();
        awaitAllOf(victim);
    }

    // What is seen of the replicas

    @Override
    public void proposed(int group, NodeId node, byte[] entry) {}

    @Override
    public void applied(int group, NodeId node, long position, byte[] entry, Object answer, LogMachine<?, ?> machine) {}

    @Override
    public void opened(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        opened.add(position);
    }

    @Override
    public void installed(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        installed.add(position);
    }

    @Override
    public void failed(int group, NodeId node, Exception failure) {
        world.fail(node + " has failed", failure);
    }
}
