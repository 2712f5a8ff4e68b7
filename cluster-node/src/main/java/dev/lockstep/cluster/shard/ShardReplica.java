package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.clock.LogClock;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.readindex.AppliedPositionWaiters;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One hosted replica of a shard: it wires the log, the state and what serves requests from them, and passes on what the log
 * reports. Thread-safe.
 */
public final class ShardReplica implements ReplicaState.Watcher, AutoCloseable {

    /** The most that a replica should keep of the last changes. */
    public static final long MAX_CHANGES_BYTES = ChangeWindow.MAX_BYTES;

    private final int shard;
    private final ReplicaState state;
    private final LogClock clock;
    private final ExpiryClock expiry;
    private final EventLoop loop;
    private final EntryLeases leases;
    private final EvictionAdvisor evictions;
    private final ReplicatedLog<Batch, List<Outcome>> log;
    private final Proposer proposer;
    private final AppliedPositionWaiters positions;
    private final ReadBarrier barrier;
    private final RequestGuards guards;
    private final ReplicaReads reads;
    private final ReplicaWrites writes;
    private final LeasedUpdates updates;
    private final ReplicaMaintenance maintenance;
    private final CapacityShares shares;
    private final RemovalObserver removals;

    /** Opens the replica, recovering what it had. */
    public ShardReplica(int shard, List<NodeId> replicas, ShardContext context) {
        this.shard = shard;
        this.removals = context.removals();
        this.state = new ReplicaState(
                shard, context.stores(), context.loop(), context.limits().changesBytes());
        this.clock = new LogClock(
                context.time(),
                () -> context.clocks().of(voters()),
                () -> context.clocks().logTimeMillis(shard));
        this.expiry = new ExpiryClock(state, clock);
        this.loop = context.loop();
        this.leases = new EntryLeases(context.time(), loop);
        this.evictions = new EvictionAdvisor(
                state::store,
                state::definition,
                context.shares(),
                () -> context.memory().excess(hosts()));
        this.shares = context.shares();
        shares.host(state);
        ReplicatedLog<Batch, List<Outcome>> opened = context.consensus().open(shard, replicas, state);
        this.log = opened.unmeasured();
        this.proposer = new Proposer(
                opened,
                commands -> state.batch(clock.stampMillis(), commands),
                context.limits().maxWaiting(),
                evictions,
                context.time());
        this.positions = new AppliedPositionWaiters(
                () -> Math.max(state.applied(), log.appliedPosition()), context.time(), loop);
        this.barrier = new ReadBarrier(state.name(), shard, log, context.rounds(), positions, context.time());
        this.guards = new RequestGuards(state, log, expiry, context.caches(), barrier, positions, proposer);
        var rule = new SessionReadRule(
                state, log, expiry, barrier, context.time(), context.limits().maxStaleness());
        this.reads = new ReplicaReads(state, log, rule, expiry, guards, barrier, evictions, context.slow());
        var admission = new WriteAdmission(state, context.memory(), this::hosts, context.caches()::hasMemory);
        this.writes = new ReplicaWrites(
                state, context.caches(), guards, proposer, leases, admission, context.memory(), context.slow());
        this.updates = new LeasedUpdates(state, expiry, guards, barrier, evictions, leases);
        this.maintenance = new ReplicaMaintenance(state, context.caches(), clock, evictions, proposer, rule);
        state.watch(this);
        clock.reached(state.logTimeMillis());
    }

    /** The voters of its group at present, whose clocks count. */
    private List<NodeId> voters() {
        return log.leadership().voters().get(0).stream().sorted().toList();
    }

    /** All of its voters, those that leave or join included. */
    private Set<NodeId> hosts() {
        List<Set<NodeId>> voters = log.leadership().voters();
        if (voters.size() == 1) {
            return voters.get(0);
        }
        Set<NodeId> hosts = new HashSet<>();
        voters.forEach(hosts::addAll);
        return hosts;
    }

    // What the log reports

    @Override
    public void applied(List<CacheChange> changes) {
        clock.reached(state.logTimeMillis());
        evictions.applied(changes);
        positions.advanced();
        for (CacheChange change : changes) {
            if (change.isExpiryOrEviction() && log.leadership().leads()) {
                removals.removed(shard, change);
            }
        }
    }

    @Override
    public void restored() {
        clock.reached(state.logTimeMillis());
        evictions.rest();
        positions.advanced();
    }

    @Override
    public void leadershipChanged() {
        loop.execute(() -> {
            if (!log.leadership().leads()) {
                leases.dropAll();
                evictions.rest();
            }
        });
    }

    @Override
    public void failed(StoreFailedException failure) {
        guards.storeFailed(failure);
    }

    // What the node asks

    /** This replica's place in the group, at this moment. */
    public ReplicatedLog.Leadership leadership() {
        return log.leadership();
    }

    /** Returns true if the shard has no replica elsewhere. */
    boolean isAlone() {
        return log.isAlone();
    }

    /** See {@link SessionReadRule#sinceContactNanos}. */
    long sinceContactNanos() {
        return reads.sinceContactNanos();
    }

    /** The highest position applied here. */
    public long appliedPosition() {
        return log.appliedPosition();
    }

    /** Returns true once the time of the shard's log is known here. */
    boolean hasTime() {
        return expiry.hasBegun();
    }

    /** The time of the shard's log, at which reads here evaluate expiry. */
    long timeMillis() {
        return expiry.millis();
    }

    /**
     * Begins to hand leadership over if this replica leads; {@link #leadership} shows when that is done. Until then, or until it is given
     * up, no lease of an entry is granted here.
     *
     * @param givenUpNanos after which it counts as having failed
     * @param despiteLeases whether to do so even while callers hold leases, which end with the leadership
     * @return false if callers hold leases, and nothing has begun
     */
    public boolean handOver(NodeId successor, long givenUpNanos, boolean despiteLeases) {
        if (!leases.pause(givenUpNanos, despiteLeases)) {
            return false;
        }
        log.stepDown(successor);
        return true;
    }

    /** Does the leader's periodic work, and lets the clock follow the members'. To be called every few milliseconds. */
    void upkeep() {
        clock.look();
        try {
            if (log.leadership().ready()) {
                maintenance.run();
            }
        } catch (StoreFailedException failure) {
            failed(failure);
        }
    }

    /** Tells whether this replica does not lead, or {@link #upkeep} would have nothing to do within a time unless something changes. */
    boolean isQuietFor(long millis) {
        return !log.leadership().leads() || maintenance.isQuietFor(millis);
    }

    /**
     * The sizes of what this replica holds, and the counts of events since it was opened.
     *
     * @param queued commands that wait for the batch before theirs
     * @param sessions whose requests are remembered
     * @param leases of entries that are held
     * @param waiters callers that wait for a lease
     * @param subscriptions streams of its changes
     * @param gaps how often a subscriber was told that changes of a cache can't be sent any more
     */
    public record Counts(int queued, int sessions, int leases, int waiters, int subscriptions, long gaps) {}

    /** Returns them as they are now; for observation only, since they are counted one after another. */
    public Counts counts() {
        EntryLeases.Counts ofLeases = leases.counts();
        ChangeWindow window = state.window();
        return new Counts(
                proposer.queued(),
                state.sessions(),
                ofLeases.held(),
                ofLeases.waiting(),
                window.subscriptions(),
                window.gaps());
    }

    /** A cache that the shard's log has defined and not dropped, or null. */
    public @Nullable CacheInfo definition(int cacheId) {
        return state.definition(cacheId);
    }

    /** The caches that the shard's log has defined and not dropped, with their entries here, expired ones included. */
    public Map<String, Held> entries() {
        Map<String, Held> entries = new HashMap<>();
        for (int cacheId : state.caches()) {
            CacheInfo cache = state.definition(cacheId);
            if (cache != null) {
                entries.merge(
                        cache.definition().name(),
                        new Held(state.store().count(cacheId), state.store().bytes(cacheId)),
                        Held::plus);
            }
        }
        return entries;
    }

    /** The entries and bytes that a replica has of a cache. */
    public record Held(long entries, long bytes) {

        public Held plus(Held other) {
            return new Held(entries + other.entries, bytes + other.bytes);
        }
    }

    // Requests

    /** Looks an entry up for a session, on the caller's thread; null when this replica can't answer at once. */
    @Nullable
    LocalEntry get(int cacheId, Bytes key, SessionPositions session) {
        return reads.get(cacheId, key, session);
    }

    /** Answers a get, scan or size. */
    void read(Request.Read read, Consumer<Reply> reply) {
        reads.read(read, reply);
    }

    /** Proposes mutations. */
    void write(Request.Write write, Consumer<Reply> reply) {
        writes.write(write, reply);
    }

    /** Proposes to empty a cache. */
    void clear(Request.Clear clear, Consumer<Reply> reply) {
        writes.clear(clear, reply);
    }

    /** Acquires the lease of an entry, then answers what the entry is. */
    void readForUpdate(Request.ReadForUpdate request, Caller caller, Consumer<Reply> reply) {
        updates.readForUpdate(request, caller, reply);
    }

    /** Releases a lease without a write. */
    void release(Request.Release request, Consumer<Reply> reply) {
        updates.release(request, reply);
    }

    /** Keeps a lease, or a place in the queue for one, alive. */
    void renew(LeaseId lease) {
        leases.renew(lease);
    }

    /** Ends the leases that were asked for over a connection that is closed. */
    void disconnected(Caller caller) {
        leases.disconnected(caller);
    }

    /** Answers the shard's position, then pieces of a checkpoint that is no older. */
    void checkpoint(Request.FetchCheckpoint request, Consumer<Reply> reply) {
        if (request.since() == 0) {
            barrier.pass(() -> reply.accept(new Reply.Checkpoint(Math.max(1, state.applied()), Bytes.EMPTY)), reply);
            return;
        }
        guards.leads(
                reply,
                () -> log.checkpoint(request.since(), new Wanted(request.term(), request.position(), request.offset()))
                        .whenComplete((piece, failure) -> reply.accept(
                                failure != null
                                        ? Reply.Refused.of(
                                                Status.INVALID,
                                                String.valueOf(
                                                        Futures.cause(failure).getMessage()))
                                        : piece == null
                                                ? checkpointInProgress()
                                                : new Reply.Checkpoint(request.since(), piece.encode()))));
    }

    /** A checkpoint is taken after the next entry: proposes one. */
    private Reply checkpointInProgress() {
        proposer.propose(List.of(new Command.Tick()));
        return new Reply.Refused(Status.BUSY, "The checkpoint of " + state.name() + " is being taken", 50, null);
    }

    /**
     * Subscribes to the changes of caches, once this replica is where the subscriber has been.
     *
     * @param wanted whether the subscription is still wanted, asked before it begins
     * @param begun takes the task that ends the subscription
     */
    void subscribe(
            Request.Subscribe request, Consumer<Reply> replies, BooleanSupplier wanted, Consumer<Runnable> begun) {
        Map<Integer, Long> after = new HashMap<>();
        request.caches().forEach(start -> after.put(start.cacheId(), start.afterPosition()));
        long from = after.values().stream().reduce(request.minPosition(), Math::max);
        guards.cachesKnown(
                after.keySet(),
                replies,
                unknown -> guards.positionApplied(from, replies, () -> {
                    if (wanted.getAsBoolean()) {
                        Map<Integer, Long> known = new HashMap<>(after);
                        known.keySet().removeAll(Set.copyOf(unknown));
                        begun.accept(state.window().subscribe(known, unknown, replies));
                    }
                }));
    }

    /** See {@link ReplicatedLog#votersAreCommitted}. */
    public boolean votersAreCommitted() {
        return log.votersAreCommitted();
    }

    /** Changes the voters of its group; see {@link ReplicatedLog#changeVoters}. */
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        return log.changeVoters(from, to);
    }

    /**
     * Lets go of what it shares with other shards, before its log is removed with all that it has kept.
     *
     * @param reason given to its subscribers, who go on at another replica
     */
    void release(Reply.Refused reason) {
        shares.release(state);
        leases.dropAll();
        state.window().end(reason);
    }

    @Override
    public void close() {
        log.close();
        leases.dropAll();
    }
}
