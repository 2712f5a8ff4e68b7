package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.simulation.SimulatedDisk.Voters;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The Raft groups of a simulated cluster: the replicas that are up, and the disks of all, which outlive them. */
final class SimulatedRaft {

    final World world;
    final SimulatedNetwork network;
    final Hardships hardships;
    final Observer observer;
    private final Map<Place, SimulatedDisk> disks = new HashMap<>();
    /** The terms of replicas that were deleted. */
    private final Map<Place, Long> deleted = new HashMap<>();

    private final Map<Place, SimulatedFiles> checkpoints = new HashMap<>();
    private final Set<NodeId> full = new HashSet<>();
    private final Map<Integer, CommittedVoters> committedVoters = new HashMap<>();
    private Predicate<NodeId> end = node -> false;
    private final Map<Integer, Map<NodeId, SimulatedLog<?, ?>>> groups = new TreeMap<>();

    private record Place(int group, NodeId node) {}

    /**
     * The rates of spontaneous faults.
     *
     * @param refused proposals that a leader refuses for no reason
     * @param unknown proposals whose proposer is told that the outcome is unknown, whatever becomes of them
     * @param slowApply entries that are applied up to 200 ms late
     * @param syncs whether an entry counts only when it is on the disk, so that a power cut loses nothing that counted;
     *     if not, writing it is enough, and there are no power cuts
     * @param slowSync syncs that take up to 300 ms
     */
    record Hardships(
            double refused,
            double unknown,
            double slowApply,
            boolean syncs,
            double slowSync,
            Checkpoints checkpoints) {}

    /**
     * The policy of checkpoints, and the rates of their faults.
     *
     * @param most entries there are between two; each replica has an interval of its own
     * @param kept entries that a replica keeps behind its checkpoint at most
     * @param flipped share of pieces on their way, and of files before they are synced, in which a bit is turned
     * @param ended share of steps of writing one at which the node ends
     */
    record Checkpoints(int most, int kept, double flipped, double ended) {

        private static final int LEAST = 5;

        static final Checkpoints NONE = new Checkpoints(Integer.MAX_VALUE, 0, 0, 0);

        Checkpointer.Interval interval(World world) {
            int entries = most == Integer.MAX_VALUE ? most : world.random().nextInt(LEAST, most + 1);
            return new Checkpointer.Interval(entries, Duration.ofDays(1));
        }
    }

    /** Sees all that is applied, on every replica, and the steps by which replicas come and go. */
    interface Observer {

        /** A replica that believes that it leads proposes an entry; what becomes of it is open. */
        void proposed(int group, NodeId node, byte[] entry);

        void applied(int group, NodeId node, long position, byte[] entry, Object answer, LogMachine<?, ?> machine);

        /** A replica has started, at the position of its newest checkpoint, or 0. */
        void opened(int group, NodeId node, long position, LogMachine<?, ?> machine);

        /** A replica has become what another's checkpoint was. */
        void installed(int group, NodeId node, long position, LogMachine<?, ?> machine);

        /** A machine has thrown: its replica stops. */
        void failed(int group, NodeId node, Exception failure);

        /** A node does from now on as a layout says. */
        default void learnt(NodeId node, Layout layout) {}

        /** A node is asked by another node or a client. */
        default void asked(NodeId node, Request request) {}

        /** A leader begins to change its voters: it sends the log to those that are new. */
        default void changing(int group, NodeId node, Set<NodeId> from, Set<NodeId> to) {}

        /** A leader has written that both the voters of before and the new ones decide. */
        default void joined(int group, NodeId node) {}

        /** A leader has changed its voters. */
        default void changed(int group, NodeId node, Set<NodeId> to) {}

        default void leads(int group, NodeId node) {}

        /** A leader leads no more, and asks another to take over. */
        default void transfers(int group, NodeId node) {}

        /** A node is about to delete its replica, if it has one. */
        default void removing(int group, NodeId node) {}

        /** A node has deleted its replica. */
        default void removed(int group, NodeId node) {}
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
            public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
                Place place = new Place(group, self);
                SimulatedDisk disk =
                        disks.computeIfAbsent(place, none -> new SimulatedDisk(deleted.getOrDefault(place, 0L)));
                disk.form(replicas);
                SimulatedFiles files = checkpoints.computeIfAbsent(place, none -> files(place));
                files.reopen();
                try {
                    SimulatedLog<E, R> log = new SimulatedLog<>(
                            SimulatedRaft.this,
                            group,
                            self,
                            process,
                            disk,
                            machine,
                            new CheckpointFolder(files, group));
                    groups.computeIfAbsent(group, none -> new TreeMap<>()).put(self, log);
                    return log;
                } catch (IOException failure) {
                    throw new UncheckedIOException(self + " can't open group " + group, failure);
                }
            }

            @Override
            public boolean stores(int group) {
                return disks.containsKey(new Place(group, self));
            }

            @Override
            public CompletableFuture<Void> remove(int group) {
                SimulatedLog<?, ?> log = replica(group, self);
                if (log != null) {
                    log.close();
                }
                requireNoVoter(group, self);
                observer.removing(group, self);
                CompletableFuture<Void> removed = new CompletableFuture<>();
                world.after(world.micros(100, 200_000), process, () -> {
                    groups.getOrDefault(group, new TreeMap<>()).remove(self);
                    SimulatedDisk disk = disks.remove(new Place(group, self));
                    if (disk != null) {
                        deleted.put(new Place(group, self), disk.term());
                    }
                    checkpoints.remove(new Place(group, self));
                    observer.removed(group, self);
                    removed.complete(null);
                });
                return removed;
            }

            @Override
            public List<ReplicaStatus> replicas() {
                return groups.entrySet().stream()
                        .filter(group -> group.getValue().containsKey(self))
                        .map(group -> status(group.getKey(), group.getValue().get(self)))
                        .toList();
            }

            @Override
            public void close() {
                died(self);
            }
        };
    }

    /** Fails the schedule if a node removes a replica that is a voter. */
    private void requireNoVoter(int group, NodeId node) {
        CommittedVoters newest = committedVoters.get(group);
        if (newest != null && newest.voters().all().contains(node)) {
            world.fail(node + " removes its replica of group " + group + ", whose voters are " + newest, null);
        }
    }

    /** A leader has committed entries up to a position, by the last of which a group has these voters. */
    void committed(int group, long position, Voters voters) {
        committedVoters.merge(
                group,
                new CommittedVoters(position, voters),
                (before, now) -> now.position() > before.position() ? now : before);
    }

    private record CommittedVoters(long position, Voters voters) {}

    private static ReplicaStatus status(int group, SimulatedLog<?, ?> log) {
        return new ReplicaStatus(
                group,
                log.isOver() ? ReplicaStatus.State.STOPPED : ReplicaStatus.State.INTACT,
                log.leadership().term(),
                log.appliedPosition(),
                log.leadership().leads(),
                "");
    }

    /** A node does not end here while it opens the replica. */
    private SimulatedFiles files(Place place) {
        Checkpoints rules = hardships.checkpoints();
        BooleanSupplier ends = () ->
                replica(place.group(), place.node()) != null && world.chance(rules.ended()) && end.test(place.node());
        return new SimulatedFiles(world, new SimulatedFiles.Perils(rules.flipped(), () -> isFull(place.node()), ends));
    }

    /** @param next makes a node end in the middle of what it writes; false if it can't be now */
    void endsBy(Predicate<NodeId> next) {
        end = next;
    }

    /** Fills a node's disk, or makes room on it again. */
    void full(NodeId node, boolean isFull) {
        if (isFull) {
            full.add(node);
        } else {
            full.remove(node);
        }
    }

    boolean isFull(NodeId node) {
        return full.contains(node);
    }

    /** Tells whether a replica of a running node has stopped. */
    boolean hasStopped(NodeId node) {
        return groups.values().stream()
                .anyMatch(replicas ->
                        replicas.containsKey(node) && replicas.get(node).isOver());
    }

    /** The node's process is gone; its disks stay. */
    void died(NodeId node) {
        groups.values().forEach(replicas -> replicas.remove(node));
    }

    /** Loses unsynced writes, all of them or the last. */
    void powerCut(NodeId node) {
        disks.forEach((place, disk) -> {
            if (place.node().equals(node)) {
                disk.loseUnsynced(world.random());
            }
        });
        checkpoints.forEach((place, files) -> {
            if (place.node().equals(node)) {
                files.loseUnsynced();
            }
        });
    }

    /** A replica that is up. */
    @Nullable
    SimulatedLog<?, ?> replica(int group, NodeId node) {
        return groups.getOrDefault(group, Map.of()).get(node);
    }

    /** Tells whether a node believes that it leads a shard. */
    boolean leadsShard(NodeId node) {
        return groups.keySet().stream().anyMatch(group -> group != ShardMap.CONTROL_GROUP && leads(node, group));
    }

    /** Tells whether a node believes that it leads any group that another one could lead: it may be the only voter of the control group. */
    boolean leadsAmongOthers(NodeId node) {
        return groups.keySet().stream()
                .anyMatch(group -> leads(node, group)
                        && replica(group, node).leadership().voters().get(0).size() > 1);
    }

    private boolean leads(NodeId node, int group) {
        SimulatedLog<?, ?> replica = replica(group, node);
        return replica != null && replica.leadership().leads();
    }

    /** The node that leads a group: of those that believe so, the one in the highest term; null if there is none. */
    @Nullable
    NodeId leader(int group) {
        return groups.getOrDefault(group, Map.of()).entrySet().stream()
                .filter(replica -> replica.getValue().leadership().leads())
                .max(Comparator.comparingLong(
                        replica -> replica.getValue().leadership().term()))
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    /** The nodes that have a replica of a group on their disks, whether they run or not. */
    Set<NodeId> stored(int group) {
        return disks.keySet().stream()
                .filter(place -> place.group() == group)
                .map(Place::node)
                .collect(Collectors.toSet());
    }

    /** The replicas of a group that are up. */
    List<SimulatedLog<?, ?>> replicas(int group) {
        return List.copyOf(groups.getOrDefault(group, Map.of()).values());
    }
}
