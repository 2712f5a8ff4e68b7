package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The simulated log keeps the contract of the real ones. Its world is made to turn by a thread, under a lock. */
class SimulatedLogTest extends ReplicatedLogContract {

    private final World world = new World(7, null);
    private final List<Replica> replicas = new ArrayList<>();
    private final Thread pump = new Thread(this::pump, "world");
    private volatile boolean ended;

    @BeforeEach
    void open() {
        SimulatedNetwork network = new SimulatedNetwork(world, new SimulatedNetwork.Weather(0.01, 0.01));
        var hardships =
                new SimulatedRaft.Hardships(0, 0, 0.01, true, 0.01, new SimulatedRaft.Checkpoints(40, 5, 0.01, 0));
        SimulatedRaft raft = new SimulatedRaft(world, network, hardships, new Unobserved());
        List<NodeId> nodes = List.of(new NodeId("a"), new NodeId("b"), new NodeId("c"));
        for (NodeId node : nodes) {
            SimulatedProcess process = new SimulatedProcess(world, node.toString());
            RecordingMachine machine = new RecordingMachine();
            replicas.add(new Replica(new Locked(raft.consensus(node, process).open(0, nodes, machine)), machine));
        }
        pump.start();
    }

    private void pump() {
        while (!ended) {
            synchronized (world) {
                world.step();
            }
        }
    }

    @AfterEach
    void end() throws InterruptedException {
        ended = true;
        pump.join();
    }

    @Override
    protected List<Replica> replicas() {
        return replicas;
    }

    @Override
    protected boolean takesCheckpoints() {
        return true;
    }

    private static final class Unobserved implements SimulatedRaft.Observer {

        @Override
        public void proposed(int group, NodeId node, byte[] entry) {}

        @Override
        public void applied(
                int group, NodeId node, long position, byte[] entry, Object answer, LogMachine<?, ?> machine) {}

        @Override
        public void opened(int group, NodeId node, long position, LogMachine<?, ?> machine) {}

        @Override
        public void installed(int group, NodeId node, long position, LogMachine<?, ?> machine) {}

        @Override
        public void failed(int group, NodeId node, Exception failure) {}
    }

    /** A log of the world, for other threads than the world's. */
    private final class Locked implements ReplicatedLog<byte[], RecordingMachine.Entry> {

        private final ReplicatedLog<byte[], RecordingMachine.Entry> log;

        Locked(ReplicatedLog<byte[], RecordingMachine.Entry> log) {
            this.log = log;
        }

        @Override
        public CompletableFuture<RecordingMachine.Entry> propose(byte[] entry) {
            synchronized (world) {
                return log.propose(entry);
            }
        }

        @Override
        public Leadership leadership() {
            synchronized (world) {
                return log.leadership();
            }
        }

        @Override
        public long commitPosition() {
            synchronized (world) {
                return log.commitPosition();
            }
        }

        @Override
        public long appliedPosition() {
            synchronized (world) {
                return log.appliedPosition();
            }
        }

        @Override
        public long sinceLeaderContactNanos() {
            synchronized (world) {
                return log.sinceLeaderContactNanos();
            }
        }

        @Override
        public void stepDown(@Nullable NodeId successor) {
            synchronized (world) {
                log.stepDown(successor);
            }
        }

        @Override
        public void close() {
            synchronized (world) {
                log.close();
            }
        }
    }
}
