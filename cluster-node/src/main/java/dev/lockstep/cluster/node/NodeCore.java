package dev.lockstep.cluster.node;

import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.control.Templates;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.server.RequestDispatcher;
import dev.lockstep.cluster.shard.ShardContext;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A node without its surroundings: the replicas it hosts, what keeps them up, and what serves requests about them. Logs,
 * links, clock and loop are given, so a simulation runs the very same. Thread-safe; nothing in it waits.
 */
public final class NodeCore implements AutoCloseable {

    private static final long UPKEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Place place;
    private final EventLoop loop;
    private final ReadIndexRounds rounds;
    private final MemberClocks clocks;
    private final ControlGroup control;
    private final ShardHost shards;
    private final RequestDispatcher dispatcher;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> mayStop = new CompletableFuture<>();
    private final Consensus consensus;
    private final LeadershipReports reports;
    private final LeadershipTransfers handOvers;
    private volatile boolean stopping;

    /**
     * The place of a node in its cluster.
     *
     * @param members all of the cluster, {@code self} among them
     * @param templates of its caches, as this node has them
     */
    public record Place(String cluster, Member self, List<Member> members, ShardMap map, Templates templates) {}

    /**
     * @param maxStaleness how long a replica that is out of touch with its leader answers session reads
     * @param patience how long a leader does without its majority before it steps down
     * @param maxInFlight requests of one connection that may be in flight, and commands that may wait for a shard's log
     */
    public record Limits(Duration maxStaleness, Duration patience, int maxInFlight) {}

    /**
     * Opens the replicas, recovering what they had, and begins to keep them up.
     *
     * @param stores of the shards; stay open when this is closed
     * @param links to the other members; null when there are none
     */
    public NodeCore(
            Place place,
            Consensus consensus,
            ShardStores stores,
            @Nullable Links links,
            Time time,
            EventLoop loop,
            Limits limits) {
        this.place = place;
        this.consensus = consensus;
        this.loop = loop;
        Map<NodeId, Member> byId = place.members().stream().collect(Collectors.toMap(Member::id, member -> member));
        NodeId self = place.self().id();
        TermConfirmations peers =
                links == null ? (peer, request, answer) -> answer.accept(null) : new LinkTermConfirmations(links, byId);
        this.rounds = new ReadIndexRounds(self, peers, time, limits.patience());
        List<NodeId> all = byId.keySet().stream().sorted().toList();
        this.clocks = new MemberClocks(self, all, peers, time);
        this.control = new ControlGroup(consensus, all, place.templates(), rounds, peers, time, loop);
        CapacityShares shares = new CapacityShares(place.map().shards());
        Map<Integer, ShardReplica> hosted = new TreeMap<>();
        var context = new ShardContext(
                consensus,
                stores,
                control,
                rounds,
                clocks,
                shares,
                time,
                loop,
                new ShardContext.Limits(limits.maxStaleness(), limits.maxInFlight()));
        for (int shard = 0; shard < place.map().shards(); shard++) {
            List<NodeId> replicas = place.map().replicasOf(shard);
            if (replicas.contains(self)) {
                hosted.put(shard, new ShardReplica(shard, replicas, context));
            }
        }
        this.shards = new ShardHost(hosted);
        this.dispatcher = new RequestDispatcher(
                consensus, control, shards, peers, time, new OwnDescription(), limits.maxInFlight());
        this.reports = new LeadershipReports(self, time);
        this.handOvers = new LeadershipTransfers(
                self,
                groups(),
                this::standing,
                peers,
                time,
                loop,
                limits.patience().toNanos() / 2);
        upkeep();
    }

    private LeadershipTransfers.Standing standing() {
        if (control.isDrained(place.self().id())) {
            return LeadershipTransfers.Standing.DRAINED;
        }
        return clocks.isOff() ? LeadershipTransfers.Standing.CLOCK_OFF : LeadershipTransfers.Standing.LEADS;
    }

    private List<LeadershipTransfers.Group> groups() {
        List<LeadershipTransfers.Group> groups = new ArrayList<>();
        groups.add(new LeadershipTransfers.Group(
                ShardMap.CONTROL_GROUP,
                control::leadership,
                control::appliedPosition,
                (successor, givenUpNanos, despiteLeases) -> {
                    control.handOver(successor);
                    return true;
                }));
        for (int shard = 0; shard < place.map().shards(); shard++) {
            ShardReplica replica = shards.replica(shard);
            if (replica != null) {
                groups.add(new LeadershipTransfers.Group(
                        shard, replica::leadership, replica::appliedPosition, replica::handOver));
            }
        }
        return groups;
    }

    /** Returns the number of entries applied in all replicas that it hosts, since their groups were formed. */
    long appliedEntries() {
        return groups().stream().mapToLong(group -> group.applied().getAsLong()).sum();
    }

    private void upkeep() {
        rounds.tick();
        clocks.tick();
        shards.upkeep();
        Map<Integer, Leadership> leaderships = leaderships();
        reports.observe(leaderships);
        handOvers.tick(reports.quietNanos());
        if (!ready.isDone() && leaderships.values().stream().allMatch(NodeCore::canBeServed)) {
            ready.complete(null);
        }
        if (handOvers.mayStop()) {
            mayStop.complete(null);
        }
        loop.schedule(UPKEEP_NANOS, this::upkeep);
    }

    private Map<Integer, Leadership> leaderships() {
        Map<Integer, Leadership> leaderships = new TreeMap<>();
        leaderships.put(ShardMap.CONTROL_GROUP, control.leadership());
        for (int shard = 0; shard < place.map().shards(); shard++) {
            ShardReplica replica = shards.replica(shard);
            if (replica != null) {
                leaderships.put(shard, replica.leadership());
            }
        }
        return leaderships;
    }

    private static boolean canBeServed(Leadership leadership) {
        return leadership.leader() != null && (leadership.ready() || !leadership.leads());
    }

    /** Serves what other nodes and clients ask. */
    public RequestServer server() {
        return dispatcher;
    }

    /** The replicas that it hosts, to be read in this JVM. */
    public LocalReplicas replicas() {
        return shards;
    }

    /** The description that other nodes, clients and operators ask for. */
    private final class OwnDescription implements RequestDispatcher.Description {

        @Override
        public ClusterView view() {
            Map<Integer, NodeId> leaders = new HashMap<>();
            for (int shard = 0; shard < place.map().shards(); shard++) {
                ShardReplica replica = shards.replica(shard);
                NodeId leader = replica == null ? null : replica.leadership().leader();
                if (leader != null) {
                    leaders.put(shard, leader);
                }
            }
            return new ClusterView(place.cluster(), place.members(), place.map(), leaders);
        }

        @Override
        public List<ReplicaStatus> replicas() {
            String note = note();
            return consensus.replicas().stream()
                    .map(replica -> replica.noting(note))
                    .toList();
        }

        /** Returns the reason for which no leadership should be handed over to this node; empty for none. */
        private String note() {
            if (stopping) {
                return ReplicaStatus.LEAVING;
            }
            return control.isDrained(place.self().id()) ? ReplicaStatus.DRAINED : clocks.note();
        }
    }

    /** Returns a future that is done when every group that this node hosts has a leader. */
    public CompletableFuture<Void> ready() {
        return ready;
    }

    /** Hands leaderships over; done when this node leads nothing any more, or no other node is left that could. */
    public CompletableFuture<Void> handOver() {
        stopping = true;
        loop.execute(handOvers::stop);
        return mayStop;
    }

    /** Closes the replicas; the loop must run nothing more of it. */
    @Override
    public void close() {
        shards.close();
        control.close();
    }
}
