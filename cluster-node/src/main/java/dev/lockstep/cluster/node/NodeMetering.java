package dev.lockstep.cluster.node;

import dev.lockstep.cluster.admin.AdminPage.Answer;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.meters.MeasuredConsensus;
import dev.lockstep.cluster.meters.MeasuredDisk;
import dev.lockstep.cluster.meters.NodeMeter;
import dev.lockstep.cluster.meters.NodeMeters;
import dev.lockstep.cluster.meters.PrometheusExport;
import dev.lockstep.cluster.meters.RequestMeters;
import dev.lockstep.cluster.rates.RateLimits;
import dev.lockstep.cluster.server.Gateway;
import dev.lockstep.cluster.server.RequestDispatcher;
import dev.lockstep.cluster.server.RequestObserver;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.cluster.shard.ShardReplica.Held;
import dev.lockstep.cluster.store.rocks.RocksStores;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Connects what a node counts with its meters. Those of groups, shards and caches come and go: they are brought up to date whenever the
 * meters are read. Thread-safe; the lock guards which of them there are.
 */
final class NodeMetering implements AutoCloseable {

    private static final Held NOTHING = new Held(0, 0);
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Time time;
    private final PrometheusExport export;
    private final NodeMeters meters;
    private final RequestMeters requests;
    private final Map<Integer, Registered<ReplicatedLog<?, ?>>> groups = new HashMap<>();
    private final Map<Integer, Registered<ShardReplica>> shards = new HashMap<>();
    private final Map<NodeId, Runnable> others = new HashMap<>();
    private final Map<String, Runnable> caches = new TreeMap<>();
    private final Set<String> users = new HashSet<>();
    private volatile Map<String, Held> entries = Map.of();
    private volatile @Nullable MeasuredConsensus consensus;
    private volatile @Nullable NodeCore core;

    /** The meters of something that was there when they were registered. */
    private record Registered<T>(T of, List<Runnable> removals) {}

    /**
     * @param names of caches
     * @throws SettingsException if the libraries are missing, which an application that embeds a node may not have
     */
    static NodeMetering of(Settings settings, NodeSettings own, RequestMeters.Names names, Time time) {
        try {
            return new NodeMetering(settings, own, names, time);
        } catch (NoClassDefFoundError missing) {
            throw new SettingsException("\"node.admin\" is set, but the libraries of meters are not on the class path ("
                    + missing.getMessage()
                    + "). Add io.micrometer:micrometer-registry-prometheus to the application, or leave"
                    + " out \"node.admin\"");
        }
    }

    private NodeMetering(Settings settings, NodeSettings own, RequestMeters.Names names, Time time) {
        this.time = time;
        this.export = new PrometheusExport(own.data());
        this.meters = export.meters();
        this.requests = new RequestMeters(meters, names, time);
        meters.gauge(NodeMeter.INFO, () -> 1, own.id().name(), settings.cluster(), NodeInfo.version());
    }

    /** Observes the requests of the node. */
    RequestObserver requests() {
        return requests;
    }

    /** Measures the disk of the Raft logs. */
    LogDisk measured(LogDisk disk) {
        return new MeasuredDisk(disk, meters, time);
    }

    /** Measures the logs. */
    Consensus measured(Consensus logs, Checkpointer.Tally checkpoints) {
        meters.timer(NodeMeter.CHECKPOINTS, checkpoints::taken, checkpoints::takenNanos);
        meters.timer(NodeMeter.CHECKPOINTS_LOADED, checkpoints::loaded, checkpoints::loadedNanos);
        meters.counter(NodeMeter.CHECKPOINTS_FAILED, checkpoints::failed);
        meters.counter(NodeMeter.CHECKPOINTS_INSTALLED, checkpoints::installed);
        MeasuredConsensus measured = new MeasuredConsensus(logs, meters, time);
        consensus = measured;
        return measured;
    }

    /** Binds a node that has begun to listen. */
    void bind(NodeCore node, NettyListener listener) {
        core = node;
        meters.counter(NodeMeter.LEADER_CHANGES, node::leaderChanges);
        meters.counter(NodeMeter.READ_ROUNDS, () -> node.rounds().questions());
        meters.gauge(NodeMeter.READS_WAITING, () -> node.rounds().waiting());
        meters.counter(NodeMeter.FORWARDS, () -> successes(node.passedOn()), "success");
        meters.counter(NodeMeter.FORWARDS, () -> node.passedOn().unreachable(), "unreachable");
        meters.counter(NodeMeter.FORWARDS, () -> node.passedOn().unanswered(), "unanswered");
        meters.gauge(NodeMeter.FORWARDS_PENDING, () -> node.passedOn().pending());
        ofRequests(NodeMeter.CONNECTIONS, node, RequestDispatcher.Counts::connections);
        ofRequests(NodeMeter.REQUESTS_IN_FLIGHT, node, RequestDispatcher.Counts::inFlight);
        meters.counter(NodeMeter.REQUESTS_SLOW, node::slowRequests);
        meters.counter(NodeMeter.REQUESTS_REFUSED, () -> node.requests().busy(), "busy");
        meters.counter(NodeMeter.REQUESTS_REFUSED, () -> node.requests().forbidden(), "forbidden");
        meters.counter(NodeMeter.REQUESTS_REFUSED, () -> node.requests().failed(), "failed");
        meters.counter(NodeMeter.SUBSCRIPTIONS_DROPPED, () -> node.requests().slow());
        meters.gauge(NodeMeter.CONNECTIONS_HALF_OPEN, () -> listener.halfOpen().open());
        meters.counter(NodeMeter.CONNECTIONS_REFUSED, () -> listener.halfOpen().refused());
        meters.counter(NodeMeter.LOGINS_REFUSED, node::refusedLogIns);
        meters.gauge(NodeMeter.MOVES_ACTIVE, node::activeMoves);
        meters.timer(
                NodeMeter.VOTER_CHANGES,
                () -> node.moves().changed(),
                () -> node.moves().nanos());
        meters.counter(NodeMeter.VOTER_CHANGES_FAILED, () -> node.moves().failed());
        meters.gauge(NodeMeter.MEMORY_USED, () -> node.memory().usedBytes());
        meters.gauge(NodeMeter.MEMORY_LIMIT, () -> node.memory().budgetBytes());
        meters.counter(NodeMeter.MEMORY_REFUSALS, () -> node.memory().refused());
        meters.gauge(NodeMeter.CLOCK_AHEAD, () -> node.clockAheadNanos() / SECOND_NANOS);
    }

    private void ofRequests(NodeMeter meter, NodeCore node, ToLongFunction<RequestDispatcher.Counts> count) {
        meters.gauge(meter, () -> count.applyAsLong(node.requests()));
    }

    /** Those that are pending are neither; a subscription is for as long as it is open. */
    private static long successes(Gateway.Counts counts) {
        return Math.max(0, counts.total() - counts.unreachable() - counts.unanswered() - counts.pending());
    }

    /** Binds the store of a node whose entries are in RocksDB. */
    void bind(RocksStores stores) {
        meters.gauge(NodeMeter.ROCKSDB_FILES, () -> stores.counts().fileBytes());
        meters.gauge(NodeMeter.ROCKSDB_UNFLUSHED, () -> stores.counts().unflushedBytes());
        meters.gauge(NodeMeter.ROCKSDB_CACHE, () -> stores.counts().cacheBytes());
        meters.gauge(NodeMeter.ROCKSDB_PENDING_COMPACTION, () -> stores.counts().pendingCompactionBytes());
        meters.gauge(NodeMeter.ROCKSDB_STALLED, () -> stores.counts().isStalled() ? 1 : 0);
        meters.gauge(NodeMeter.ROCKSDB_ERRORS, () -> stores.counts().backgroundErrors());
    }

    /** Returns the logs of this node that are open, by the number of their group. */
    Map<Integer, ReplicatedLog<?, ?>> logs() {
        MeasuredConsensus of = consensus;
        return of == null ? Map.of() : of.logs();
    }

    /** Answers the values of all meters, in one of the formats that are accepted. */
    Answer page(String accept) {
        refresh();
        String format = PrometheusExport.format(accept);
        return Answer.ok(format, export.text(format));
    }

    /** Returns the values of all meters in Prometheus' text format. */
    String text() {
        refresh();
        return export.text(PrometheusExport.format(""));
    }

    private synchronized void refresh() {
        refresh(groups, logs(), this::group);
        NodeCore of = core;
        if (of != null) {
            refresh(shards, of.shards(), this::shard);
            refreshOthers(of);
            Set<String> names = of.cacheNames();
            requests.retain(names);
            refreshEntries(of, names);
            of.rates().counts().forEach(this::user);
        }
    }

    private void user(String user, RateLimits.Counts counts) {
        if (users.add(user)) {
            meters.counter(NodeMeter.LIMITS_ADMITTED, counts::admitted, user);
            for (RateLimits.Limit limit : RateLimits.Limit.values()) {
                meters.counter(
                        NodeMeter.LIMITS_REFUSED,
                        () -> counts.refused(limit),
                        user,
                        limit.name().toLowerCase(Locale.ROOT));
            }
        }
    }

    /** Registers the meters of what is new, and removes those of what is gone or was replaced. */
    private static <T> void refresh(
            Map<Integer, Registered<T>> registered,
            Map<Integer, ? extends T> present,
            Function<Map.Entry<Integer, T>, List<Runnable>> register) {
        registered.entrySet().removeIf(known -> {
            boolean gone = present.get(known.getKey()) != known.getValue().of();
            if (gone) {
                known.getValue().removals().forEach(Runnable::run);
            }
            return gone;
        });
        present.forEach((number, of) -> registered.computeIfAbsent(
                number, none -> new Registered<>(of, register.apply(Map.entry(number, of)))));
    }

    private List<Runnable> group(Map.Entry<Integer, ReplicatedLog<?, ?>> group) {
        String name = group.getKey() == ShardMap.CONTROL_GROUP ? "control" : Integer.toString(group.getKey());
        ReplicatedLog<?, ?> log = group.getValue();
        return List.of(
                meters.gauge(NodeMeter.RAFT_TERM, () -> log.leadership().term(), name),
                meters.gauge(NodeMeter.RAFT_LEADER, () -> log.leadership().leads() ? 1 : 0, name),
                meters.gauge(NodeMeter.LEADER_TENURE, () -> tenureSeconds(group.getKey()), name),
                meters.gauge(NodeMeter.RAFT_COMMIT, log::knownCommitPosition, name),
                meters.gauge(NodeMeter.RAFT_APPLIED, log::appliedPosition, name),
                meters.gauge(NodeMeter.RAFT_LAG, () -> lag(log), name),
                meters.gauge(NodeMeter.RAFT_CONTACT, () -> contactSeconds(log), name));
    }

    /** Returns how many positions a replica has yet to apply, as far as it knows. */
    static long lag(ReplicatedLog<?, ?> log) {
        long applied = log.appliedPosition(); // before the other: it must not get ahead
        return Math.max(0, log.knownCommitPosition() - applied);
    }

    private double tenureSeconds(int group) {
        NodeCore of = core;
        return of == null ? 0 : of.tenureNanos(group) / SECOND_NANOS;
    }

    private static double contactSeconds(ReplicatedLog<?, ?> log) {
        long nanos = log.sinceLeaderContactNanos();
        return nanos == Long.MAX_VALUE ? -1 : nanos / SECOND_NANOS;
    }

    private List<Runnable> shard(Map.Entry<Integer, ShardReplica> shard) {
        String name = Integer.toString(shard.getKey());
        ShardReplica replica = shard.getValue();
        return List.of(
                meters.gauge(NodeMeter.PROPOSALS_QUEUED, () -> replica.counts().queued(), name),
                meters.gauge(NodeMeter.SESSIONS, () -> replica.counts().sessions(), name),
                meters.gauge(NodeMeter.LEASES, () -> replica.counts().leases(), name, "held"),
                meters.gauge(NodeMeter.LEASES, () -> replica.counts().waiters(), name, "waiting"),
                meters.gauge(NodeMeter.SUBSCRIPTIONS, () -> replica.counts().subscriptions(), name),
                meters.counter(NodeMeter.EVENT_GAPS, () -> replica.counts().gaps(), name));
    }

    private void refreshOthers(NodeCore of) {
        Set<NodeId> present = of.roundTripNanos().keySet();
        others.entrySet().removeIf(other -> {
            boolean gone = !present.contains(other.getKey());
            if (gone) {
                other.getValue().run();
            }
            return gone;
        });
        present.forEach(other -> others.computeIfAbsent(
                other,
                none -> meters.gauge(
                        NodeMeter.MEMBERS_ROUND_TRIP,
                        () -> of.roundTripNanos().getOrDefault(other, 0L) / SECOND_NANOS,
                        other.name())));
    }

    private void refreshEntries(NodeCore of, Set<String> known) {
        Map<String, Held> now = new HashMap<>();
        List<String> own = new ArrayList<>(caches.keySet());
        own.retainAll(known);
        known.stream().filter(cache -> !caches.containsKey(cache)).forEach(own::add);
        Set<String> apart = Set.copyOf(own.subList(0, Math.min(own.size(), RequestMeters.MAX_CACHES)));
        apart.forEach(cache -> now.put(cache, NOTHING));
        for (ShardReplica replica : of.shards().values()) {
            if (replica.leadership().leads()) {
                replica.entries()
                        .forEach((cache, held) ->
                                now.merge(apart.contains(cache) ? cache : RequestMeters.OTHERS, held, Held::plus));
            }
        }
        entries = now;
        caches.entrySet().removeIf(cache -> {
            boolean gone = !now.containsKey(cache.getKey());
            if (gone) {
                cache.getValue().run();
            }
            return gone;
        });
        now.keySet()
                .forEach(cache -> caches.computeIfAbsent(cache, none -> {
                    Runnable noEntries = meters.gauge(
                            NodeMeter.CACHE_ENTRIES, () -> held(cache).entries(), cache);
                    Runnable noBytes = meters.gauge(
                            NodeMeter.CACHE_BYTES, () -> held(cache).bytes(), cache);
                    return () -> {
                        noEntries.run();
                        noBytes.run();
                    };
                }));
    }

    private Held held(String cache) {
        return Objects.requireNonNullElse(entries.get(cache), NOTHING);
    }

    @Override
    public void close() {
        export.close();
    }
}
