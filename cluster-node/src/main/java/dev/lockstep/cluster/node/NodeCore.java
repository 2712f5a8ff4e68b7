package dev.lockstep.cluster.node;

import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.cluster.rates.RateLimits;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.server.Gateway;
import dev.lockstep.cluster.server.RequestDispatcher;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.server.UserLogins;
import dev.lockstep.cluster.shard.ShardContext;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.cluster.shard.SlowRequests;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.link.LocalReplicas;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.link.NodeLinks;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node without its surroundings: the replicas it hosts, what keeps them up, and what serves requests about them. Logs,
 * links, clock and loop are given, so a simulation runs the very same. Thread-safe; nothing in it waits.
 */
public final class NodeCore implements AutoCloseable {

    private static final long UPKEEP_MILLIS = 20;
    /** After a failure, which is logged each time. */
    private static final long FAILED_UPKEEP_MILLIS = 1_000;
    /** While nothing happens: what then begins, upkeep notices so much later at most. */
    private static final long QUIET_UPKEEP_MILLIS = 100;
    /** Upkeeps in the bound on staleness, at least: a leader confirms its leadership again in each quarter of that. */
    private static final int UPKEEPS_A_STALENESS = 8;
    /** Pause between two looks at whether the layout should change. */
    private static final long LAYOUT_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Place place;
    private final Surroundings surroundings;
    private final EventLoop loop;
    private final ReadIndexRounds rounds;
    private final MemberClocks clocks;
    private final SlowRequests slow;
    private final NodeMemory memory;
    private final ControlGroup control;
    private final ShardHost shards;
    private final HostedGroups hosting;
    private final ReplicaMoves moves;
    private final Gateway gateway;
    private final RateLimits rates;
    private final AuditLog audit;
    private final RequestDispatcher dispatcher;
    private final UserLogins logins;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> mayStop = new CompletableFuture<>();
    private final Consensus consensus;
    private final MoveAges moveAges = new MoveAges();
    private final LeadershipReports reports;
    private final LeadershipTransfers handOvers;
    private final Time time;
    private final TermConfirmations peers;
    private volatile Layout layout;
    /** The shards that were hosted when the groups were made, and whether the control group was; on the loop. */
    private Map<Integer, ShardReplica> grouped = Map.of();

    private boolean controlGrouped;

    private List<HostedGroup> groups = List.of();

    private long layoutKeptNanos;
    private final long quietMillis;
    /** The number of entries that were applied at the last upkeep; on the loop. */
    private long appliedBefore;

    private volatile boolean stopping;
    private volatile long upkeptNanos;

    /**
     * The place of a node in its cluster.
     *
     * @param layout the last that this node has seen, or that follows from its settings
     * @param known members by this node's settings, itself among them: where they name one, the layout's address does not count
     * @param remember takes each newer one before anything is done by it; must not block for long
     * @param rules that hold while this node leads the control group
     * @param hasUsers whether connections prove whose they are, so that no request is served before it is known what its user may do
     */
    public record Place(
            String cluster,
            Member self,
            Layout layout,
            List<Member> known,
            Consumer<Layout> remember,
            ControlGroup.Rules rules,
            boolean hasUsers) {}

    /**
     * @param maxStaleness how long a replica that is out of touch with its leader answers session reads
     * @param patience how long a leader does without its majority before it steps down
     * @param maxInFlight requests of one connection that may be in flight, and commands that may wait for a shard's log
     * @param slowRequest the time from which on a request is logged as slow; empty for never
     */
    public record Limits(
            Duration maxStaleness,
            Duration patience,
            int maxInFlight,
            MemoryBudget memory,
            Rates rates,
            Optional<Duration> slowRequest) {}

    /**
     * Opens the replicas, recovering what they had, and begins to keep them up.
     *
     * @param stores of the shards; stay open when this is closed
     * @param links to the other members; null when there are none
     * @param observer sees the requests that it serves, and what its shards remove by themselves
     * @param surroundings that it describes to operators
     */
    public NodeCore(
            Place place,
            Consensus consensus,
            ShardStores stores,
            @Nullable NodeLinks links,
            Time time,
            EventLoop loop,
            Limits limits,
            RequestObserver observer,
            Surroundings surroundings) {
        this.place = place;
        this.surroundings = surroundings;
        this.consensus = consensus;
        this.loop = loop;
        this.time = time;
        this.layout = place.layout();
        this.moveAges.learn(layout.moves(), time.nanos());
        this.layoutKeptNanos = time.nanos();
        this.upkeptNanos = time.nanos();
        this.quietMillis = Math.max(
                UPKEEP_MILLIS,
                Math.min(QUIET_UPKEEP_MILLIS, limits.maxStaleness().toMillis() / UPKEEPS_A_STALENESS));
        NodeId self = place.self().id();
        consensus.members(layout.members());
        this.peers = links == null
                ? (peer, request, answer) -> answer.accept(null)
                : new LinkTermConfirmations(links, peer -> layout.member(peer));
        this.rounds = new ReadIndexRounds(self, peers, time, limits.patience());
        this.clocks = new MemberClocks(
                self,
                () -> layout.nodes().stream().map(Layout.Node::id).sorted().toList(),
                peers,
                time);
        this.control = new ControlGroup(consensus, layout, place.rules(), rounds, peers, time, loop);
        this.memory = new NodeMemory(
                self,
                limits.memory(),
                stores.memory(),
                () -> layout.clusterVersion().hasMemory()
                        ? layout.nodes().stream().map(Layout.Node::id).toList()
                        : List.of(),
                peers,
                time);
        long changesBytes = limits.memory()
                .changesBytes(
                        (int) layout.groups()
                                .filter(group -> layout.targetOf(group).contains(self))
                                .count(),
                        ShardReplica.MAX_CHANGES_BYTES);
        this.slow = limits.slowRequest()
                .map(bound -> new SlowRequests(bound, control::cache, clocks::roundTripNanos, time))
                .orElse(SlowRequests.NONE);
        var context = new ShardContext(
                consensus,
                stores,
                control,
                rounds,
                clocks,
                new CapacityShares(() -> layout.map().shards()),
                memory,
                slow,
                observer,
                time,
                loop,
                new ShardContext.Limits(limits.maxStaleness(), limits.maxInFlight(), changesBytes));
        this.shards = new ShardHost(Map.of());
        this.hosting = new HostedGroups(self, layout, control, shards, context);
        this.moves = new ReplicaMoves(self, peers, this::report, time, loop);
        this.gateway = new Gateway(self, node -> {
            Member member = layout.member(node);
            return links == null || member == null ? null : links.open(member);
        });
        this.audit = new AuditLog(self, time);
        this.logins = new UserLogins(control::access, () -> layout.clusterId(), audit);
        this.rates = new RateLimits(limits.rates(), time, loop);
        this.dispatcher = new RequestDispatcher(
                consensus,
                control,
                shards,
                gateway,
                time,
                new OwnDescription(),
                audit,
                observer,
                rates,
                limits.maxInFlight());
        this.reports = new LeadershipReports(self, time);
        this.handOvers = new LeadershipTransfers(
                self,
                () -> groups,
                this::standing,
                peers,
                time,
                loop,
                limits.patience().toNanos() / 2);
        upkeep();
    }

    /** A group that this node hosts, as the parts of the node see it that deal with all groups alike. */
    private final class HostedGroup implements LeadershipTransfers.Group, ReplicaMoves.Group {

        private final int number;
        private final @Nullable ShardReplica shard;

        /** @param shard null for the control group */
        HostedGroup(int number, @Nullable ShardReplica shard) {
            this.number = number;
            this.shard = shard;
        }

        @Override
        public int number() {
            return number;
        }

        @Override
        public Leadership leadership() {
            return shard == null ? control.leadership() : shard.leadership();
        }

        @Override
        public boolean votersAreCommitted() {
            return shard == null ? control.votersAreCommitted() : shard.votersAreCommitted();
        }

        @Override
        public long applied() {
            return shard == null ? control.appliedPosition() : shard.appliedPosition();
        }

        @Override
        public boolean mustTransfer() {
            Set<NodeId> voters = leadership().voters().get(0);
            return VoterChange.mustTransfer(
                    voters, layout.targetOf(number), place.self().id());
        }

        @Override
        public boolean handOver(NodeId successor, long givenUpNanos, boolean despiteLeases) {
            if (shard != null) {
                return shard.handOver(successor, givenUpNanos, despiteLeases);
            }
            control.handOver(successor);
            return true;
        }

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            return shard == null ? control.changeVoters(from, to) : shard.changeVoters(from, to);
        }
    }

    /** Reports a move to the control group's leader; may get lost, and is repeated. */
    private void report(Request.ReplicasMoved moved) {
        Leadership leadership = control.leadership();
        if (leadership.leads()) {
            control.change(moved, reply -> {});
            return;
        }
        NodeId leader = leadership.leader();
        // A node that does not host the group does not know its leader. The others refuse.
        List<NodeId> asked = leader == null ? layout.hostsOf(ShardMap.CONTROL_GROUP) : List.of(leader);
        asked.forEach(node -> peers.ask(node, moved, reply -> {}));
    }

    /** Tells whether an operator wants this node to lead nothing: it is drained, or leaves the cluster. */
    private boolean leadsNothing() {
        NodeId self = place.self().id();
        return control.isDrained(self) || layout.leaving().contains(self);
    }

    private LeadershipTransfers.Standing standing() {
        if (leadsNothing()) {
            return LeadershipTransfers.Standing.DRAINED;
        }
        return clocks.isOff() ? LeadershipTransfers.Standing.CLOCK_OFF : LeadershipTransfers.Standing.LEADS;
    }

    /** Returns the number of entries applied in all replicas that it hosts, since their groups were formed. */
    long appliedEntries() {
        return control.appliedPosition()
                + shards.replicas().values().stream()
                        .mapToLong(ShardReplica::appliedPosition)
                        .sum();
    }

    /** Runs again also after a failure: a node without upkeep would look healthy, and do nothing that is due. */
    private void upkeep() {
        long pauseMillis = FAILED_UPKEEP_MILLIS;
        try {
            keepUp();
            pauseMillis = isQuiet() ? quietMillis : UPKEEP_MILLIS;
        } finally {
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(pauseMillis), this::upkeep);
        }
    }

    private void keepUp() {
        upkeptNanos = time.nanos();
        rounds.tick();
        clocks.tick();
        memory.tick();
        follow();
        shards.upkeep();
        Map<Integer, Leadership> leaderships = new TreeMap<>();
        groups.forEach(group -> leaderships.put(group.number(), group.leadership()));
        reports.observe(leaderships);
        handOvers.tick(reports.quietNanos());
        moves.tick(layout, groups);
        if (!ready.isDone()
                && layout.isFormed()
                && (control.isHosted() || control.isInformed())
                && leaderships.values().stream().allMatch(NodeCore::canBeServed)
                && (!place.hasUsers() || control.access() != null)) {
            ready.complete(null);
        }
        if (handOvers.mayStop()) {
            mayStop.complete(null);
        }
    }

    /**
     * Tells whether nothing happens that upkeep drives: no entry was applied since the last, none expires soon, no cache is bounded, nobody
     * waits for a round, no leader has changed lately, nothing is being moved, and the node is neither starting nor stopping.
     */
    private boolean isQuiet() {
        long applied = appliedEntries();
        boolean unchanged = applied == appliedBefore;
        appliedBefore = applied;
        return unchanged
                && ready.isDone()
                && !stopping
                && layout.moves().isEmpty()
                && reports.quietNanos() > LeadershipTransfers.QUIET_NANOS
                && !rounds.isAtWork()
                && shards.isQuietFor(quietMillis);
    }

    /** Does as the control group's layout says, and keeps that up to date if this node leads the group. */
    private void follow() {
        learn(control.layout());
        hosting.follow(layout);
        Map<Integer, ShardReplica> hosted = shards.replicas();
        if (hosted != grouped || control.isHosted() != controlGrouped) {
            grouped = hosted;
            controlGrouped = control.isHosted();
            List<HostedGroup> anew = new ArrayList<>();
            if (controlGrouped) {
                anew.add(new HostedGroup(ShardMap.CONTROL_GROUP, null));
            }
            hosted.forEach((shard, replica) -> anew.add(new HostedGroup(shard, replica)));
            groups = List.copyOf(anew);
        }
        control.keepUp(layout);
        if (!layout.isFormed()) { // the node is not ready before, so it is not left for later
            control.keepLayout(clocks::silentNanos);
            learn(control.layout());
        }
        if (time.nanos() - layoutKeptNanos > LAYOUT_NANOS) {
            layoutKeptNanos = time.nanos();
            control.keepLayout(clocks::silentNanos);
            if (place.hasUsers()) {
                control.keepAccess();
            }
        }
    }

    private void learn(Layout told) {
        if (told.version() > layout.version()) {
            layout = told.at(place.known());
            moveAges.learn(layout.moves(), time.nanos());
            place.remember().accept(layout);
            consensus.members(layout.members());
        }
    }

    /**
     * Learns what another member says of the cluster, regularly: only that way does a node hear of a layout that was taken out of the
     * control group while it was down. On any thread.
     */
    public void told(ClusterView view) {
        loop.execute(() -> learn(view.layout()));
    }

    private static boolean canBeServed(Leadership leadership) {
        return leadership.leader() != null && (leadership.ready() || !leadership.leads());
    }

    // What it counts, for meters

    /** Returns the connections, and what was refused over them. */
    RequestDispatcher.Counts requests() {
        return dispatcher.counts();
    }

    /** Returns how many peers were not let in. */
    long refusedLogIns() {
        return logins.refused();
    }

    /** Returns the rates that clients are held to. */
    RateLimits rates() {
        return rates;
    }

    /** Returns the memory that entries take. */
    NodeMemory memory() {
        return memory;
    }

    /** Returns the questions that confirm leaderships. */
    ReadIndexRounds.Counts rounds() {
        return rounds.counts();
    }

    /** Returns the changes of voters that it has made as a leader. */
    ReplicaMoves.Counts moves() {
        return moves.counts();
    }

    /** Returns how many groups are being moved, in the layout that this node knows. */
    int activeMoves() {
        return layout.moves().size();
    }

    /** Returns how often a group that it hosts has got another leader. */
    long leaderChanges() {
        return reports.changes();
    }

    /** Returns for how long this node has led a group without a break; 0 if it does not. */
    long tenureNanos(int group) {
        return reports.tenureNanos(group);
    }

    /** Returns how far its clock is off, see {@link MemberClocks#aheadNanos}. */
    long clockAheadNanos() {
        return clocks.aheadNanos();
    }

    /** Returns how many reads and writes were slow, see {@link SlowRequests#count}. */
    long slowRequests() {
        return slow.count();
    }

    /** Returns the time that a question to each other node takes, see {@link MemberClocks#roundTripNanos}. */
    SortedMap<NodeId, Long> roundTripNanos() {
        return clocks.roundTripNanos();
    }

    /** Returns the replicas of shards that it hosts. */
    Map<Integer, ShardReplica> shards() {
        return shards.replicas();
    }

    /** Returns the time since this node last looked after its replicas, which it does ten times a second at least. */
    long sinceUpkeepNanos() {
        return time.nanos() - upkeptNanos;
    }

    /** Tells whether it is about to stop. */
    boolean isStopping() {
        return stopping;
    }

    /** Returns who may do what; null as long as that is not known. */
    @Nullable
    AccessRules access() {
        return control.access();
    }

    /** Returns the names of the caches that this node knows. */
    Set<String> cacheNames() {
        Set<String> names = new TreeSet<>();
        control.known().forEach(cache -> names.add(cache.definition().name()));
        shards.replicas()
                .values()
                .forEach(replica -> names.addAll(replica.entries().keySet()));
        return names;
    }

    /** Returns the name of a cache, as far as this node knows it; otherwise null. */
    @Nullable
    String cacheName(int shard, int cacheId) {
        CacheInfo cache = control.cache(cacheId);
        ShardReplica replica = cache == null ? shards.replica(shard) : null;
        CacheInfo known = replica == null ? cache : replica.definition(cacheId);
        return known == null ? null : known.definition().name();
    }

    /** Returns how many requests of clients were passed on to other nodes. */
    Gateway.Counts passedOn() {
        return gateway.counts();
    }

    /** Returns what writes down who was let in and what was refused. */
    AuditLog audit() {
        return audit;
    }

    /** The passwords that users log in with. */
    public Logins logins() {
        return logins;
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
            shards.replicas().forEach((shard, replica) -> {
                NodeId leader = replica.leadership().leader();
                if (leader != null) {
                    leaders.put(shard, leader);
                }
            });
            return new ClusterView(place.cluster(), layout, leaders);
        }

        @Override
        public Reply.Memory memory() {
            return memory.describe();
        }

        @Override
        public Reply.Versions versions() {
            return new Reply.Versions(NodeInfo.version(), place.rules().able());
        }

        @Override
        public void facts(boolean triesDisk, Consumer<List<Reply.NodeFacts.Fact>> told) {
            surroundings.describe(triesDisk, around -> {
                Map<NodeFact, String> facts = new EnumMap<>(NodeFact.class);
                facts.putAll(around);
                facts.put(
                        NodeFact.CLOCK_AHEAD_MILLIS, Long.toString(TimeUnit.NANOSECONDS.toMillis(clocks.aheadNanos())));
                facts.put(
                        NodeFact.REPLICATION_FACTOR,
                        Integer.toString(place.rules().replicationFactor()));
                Reply.Memory memory = memory();
                facts.put(NodeFact.ENTRIES_BYTES, Long.toString(memory.used()));
                facts.put(NodeFact.ENTRIES_LIMIT_BYTES, Long.toString(memory.budget()));
                long moving = moveAges.oldestNanos(time.nanos());
                if (moving > 0) {
                    facts.put(NodeFact.OLDEST_MOVE_SECONDS, Long.toString(TimeUnit.NANOSECONDS.toSeconds(moving)));
                }
                told.accept(facts.entrySet().stream()
                        .map(fact -> new Reply.NodeFacts.Fact(fact.getKey().word(), fact.getValue()))
                        .toList());
            });
        }

        @Override
        public @Nullable String meters() {
            return surroundings.meters();
        }

        @Override
        public void serve(Request.OfProcess request, Consumer<Reply> reply) {
            surroundings.serve(request, reply);
        }

        @Override
        public void open(Request.OpenReplica request, Consumer<Reply> reply) {
            loop.execute(() -> hosting.open(request, reply));
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
            return leadsNothing() ? ReplicaStatus.DRAINED : clocks.note();
        }
    }

    /**
     * Returns a future that is done when the cluster is formed, every group that this node hosts has a leader, and it is known what the
     * control group has decided and what users may do.
     */
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
