package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The Raft groups of a simulated cluster: the replicas that are up, and the disks of all, which outlive them. */
final class SimulatedRaft {

    final World world;
    final SimulatedNetwork network;
    final Hardships hardships;
    final Observer observer;
    private final Map<Place, SimulatedDisk> disks = new HashMap<>();
    private final Map<Integer, Map<NodeId, SimulatedLog>> groups = new TreeMap<>();

    private record Place(int group, NodeId node) {}

    /**
     * What goes wrong by itself, as shares.
     *
     * @param refused proposals that a leader refuses for no reason
     * @param unknown proposals whose proposer is told that the outcome is unknown, whatever becomes of them
     * @param slowApply entries that are applied up to 200 ms late
     * @param syncs whether an entry counts only when it is on the disk, so that a power cut loses nothing that counted; if
     *     not, writing it is enough, and there are no power cuts
     * @param slowSync syncs that take up to 300 ms
     */
    record Hardships(double refused, double unknown, double slowApply, boolean syncs, double slowSync) {
        static final Hardships NONE = new Hardships(0, 0, 0, false, 0);
    }

    /** Sees all that is applied, on every replica. */
    interface Observer {

        void applied(int group, NodeId node, long position, byte[] entry, Object answer, LogMachine machine);

        /** A machine has thrown: its replica stops. */
        void failed(int group, NodeId node, RuntimeException failure);
    }

    SimulatedRaft(World world, SimulatedNetwork network, Hardships hardships, Observer observer) {
        this.world = world;
        this.network = network;
        this.hardships = hardships;
        this.observer = observer;
    }

    /** The groups as a node's process opens them. */
    Consensus consensus(NodeId self, SimulatedProcess process) {
        return new Consensus() {
            @Override
            public ReplicatedLog open(int group, List<NodeId> replicas, LogMachine machine) {
                SimulatedDisk disk = disks.computeIfAbsent(new Place(group, self), none -> new SimulatedDisk());
                SimulatedLog log = new SimulatedLog(SimulatedRaft.this, group, self, replicas, process, disk, machine);
                groups.computeIfAbsent(group, none -> new TreeMap<>()).put(self, log);
                return log;
            }

            @Override
            public void close() {
                died(self);
            }
        };
    }

    /** The node's process is gone; its disks stay. */
    void died(NodeId node) {
        groups.values().forEach(replicas -> replicas.remove(node));
    }

    /** What was not synced is lost, all of it or its end. */
    void powerCut(NodeId node) {
        disks.forEach((place, disk) -> {
            if (place.node().equals(node)) {
                disk.loseUnsynced(world.random());
            }
        });
    }

    /** A replica that is up. */
    @Nullable
    SimulatedLog replica(int group, NodeId node) {
        return groups.getOrDefault(group, Map.of()).get(node);
    }

    /** Whether a node leads a shard, as far as it knows. */
    boolean leadsShard(NodeId node) {
        return groups.entrySet().stream()
                .filter(group ->
                        group.getKey() != Consensus.CONTROL && group.getValue().containsKey(node))
                .anyMatch(group -> group.getValue().get(node).standing().leads());
    }

    /** The replicas of a group that are up. */
    List<SimulatedLog> replicas(int group) {
        return List.copyOf(groups.getOrDefault(group, Map.of()).values());
    }
}
