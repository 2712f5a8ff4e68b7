package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.clock.LogClock;
import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Conditions;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.readindex.AppliedPositionWaiters;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One hosted replica of a shard: it refuses what another must do, waits until it may answer, and proposes. Whatever it knows
 * of entries is in its {@link ReplicaState}. Thread-safe.
 */
public final class ShardReplica implements ReplicaState.Watcher, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ShardReplica.class);

    /** How long a read waits for this replica to get where the reader has been. */
    private static final long BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ReplicaState state;
    private final String name;
    private final CacheCatalog caches;
    private final LogClock clock;
    private final Time time;
    private final EventLoop loop;
    private final long maxStalenessNanos;
    private final EntryLeases leases;
    private final EvictionAdvisor evictions;
    private final ReplicatedLog log;
    private final Proposer proposer;
    private final AppliedPositionWaiters waits;
    private final ReadBarrier barrier;
    private final AtomicBoolean upkeepUnderWay = new AtomicBoolean();
    private final AtomicBoolean roundUnderWay = new AtomicBoolean();
    private volatile long freshUntilNanos;

    /** @param maxWaiting commands that may wait before the next is refused as busy */
    public record Limits(Duration maxStaleness, int maxWaiting) {}

    /** Opens the replica, recovering what it had. */
    public ShardReplica(
            int shard,
            List<NodeId> replicas,
            Consensus consensus,
            ShardStores stores,
            CacheCatalog caches,
            ReadIndexRounds rounds,
            MemberClocks clocks,
            CapacityShares shares,
            Time time,
            EventLoop loop,
            Limits limits) {
        this.name = "shard " + shard;
        this.state = new ReplicaState(shard, stores);
        this.caches = caches;
        this.clock = new LogClock(time, () -> clocks.of(replicas), () -> clocks.logTimeMillis(shard));
        this.time = time;
        this.loop = loop;
        this.maxStalenessNanos = limits.maxStaleness().toNanos();
        this.freshUntilNanos = time.nanos() - 1;
        this.leases = new EntryLeases(time, loop);
        this.evictions = new EvictionAdvisor(state::store, state::definition, shares);
        shares.host(state::store);
        this.log = consensus.open(shard, replicas, state);
        this.proposer = new Proposer(
                log, commands -> state.batch(clock.stampMillis(), commands), limits.maxWaiting(), evictions);
        this.waits = new AppliedPositionWaiters(() -> Math.max(state.applied(), log.appliedPosition()), time, loop);
        this.barrier = new ReadBarrier(name, shard, log, rounds, waits, time);
        state.watch(this);
        clock.reached(state.logTimeMillis());
    }

    // What the log tells

    @Override
    public void applied(List<CacheChange> changes) {
        clock.reached(state.logTimeMillis());
        evictions.applied(changes);
        waits.advanced();
    }

    @Override
    public void restored() {
        clock.reached(state.logTimeMillis());
        evictions.rest();
        waits.advanced();
    }

    @Override
    public void standingChanged() {
        loop.execute(() -> {
            if (!log.standing().leads()) {
                leases.dropAll();
                evictions.rest();
            }
        });
    }

    /** This replica's place in the group, at this moment. */
    public ReplicatedLog.Standing standing() {
        return log.standing();
    }

    /** The highest position applied here. */
    public long appliedPosition() {
        return log.appliedPosition();
    }

    /** Returns true once the time of the shard's log is known here. */
    boolean hasTime() {
        return clock.hasBegun();
    }

    /** The time of the shard's log, by which entries that are read here are judged. */
    long timeMillis() {
        return Math.max(state.logTimeMillis(), clock.millis());
    }

    /** Returns true while callers hold leases of entries here. */
    public boolean isLeased() {
        return !leases.isEmpty();
    }

    /** Hands leadership over, if it has it; whether it comes to that is seen by {@link #standing}. */
    public void handOver(NodeId successor) {
        log.stepDown(successor);
    }

    // Reads

    /** Looks an entry up for a session, on the caller's thread; null when this replica can't answer at once. */
    @Nullable
    LocalEntry get(int cacheId, Bytes key, int shard, SessionPositions session) {
        CacheInfo cache = state.definition(cacheId);
        if (state.applied() < session.position(shard) || cache == null || !isFresh()) {
            return null;
        }
        if (cache.definition().maxEntries() > 0) {
            evictions.read(cacheId, key);
        }
        LocalEntry entry;
        try {
            entry = state.entry(cacheId, key);
        } catch (StoreFailedException failure) {
            failed(failure);
            return null;
        }
        session.saw(shard, state.applying());
        if (entry == null) {
            return LocalEntry.ABSENT;
        }
        if (entry.deadlineMillis() != Long.MAX_VALUE) {
            long now = judge(session.judgedAtMillis(shard));
            if (isProlonged(cache) && isOverByClock(entry, now)) {
                return null;
            }
            session.judged(shard, now);
            return entry.deadlineMillis() <= now ? LocalEntry.ABSENT : entry;
        }
        return entry;
    }

    private long judge(long judgedAtMillis) {
        return Math.max(timeMillis(), judgedAtMillis);
    }

    /** Whether the log's time is known, and the leader was heard of, or was confirmed to be this replica, within the bound on staleness. */
    private boolean isFresh() {
        if (freshUntilNanos - time.nanos() > 0) {
            return true;
        }
        if (!clock.hasBegun()) {
            return false;
        }
        long now = time.nanos();
        ReplicatedLog.Standing standing = log.standing();
        if (standing.leads() && standing.voters().stream().allMatch(voters -> voters.size() == 1)) {
            freshUntilNanos = now + maxStalenessNanos;
            return true;
        }
        long age = standing.leads() ? barrier.sinceConfirmedNanos() : log.sinceLeaderContactNanos();
        if (age >= maxStalenessNanos) {
            return false;
        }
        freshUntilNanos = now - age + maxStalenessNanos;
        return true;
    }

    /** Answers a get, scan or size. */
    void read(Request.Read read, Consumer<Reply> reply) {
        ifExists(read.cacheId(), reply, () -> {
            if (read instanceof Request.Get get && get.withValues()) {
                get.keys().forEach(key -> evictions.read(get.cacheId(), key));
            }
            if (read.consistency() == Consistency.STRONG) {
                barrier.pass(() -> strong(read, reply), reply);
            } else {
                whenApplied(read.minPosition(), reply, () -> sessionRead(read, reply));
            }
        });
    }

    private void whenApplied(long position, Consumer<Reply> reply, Runnable then) {
        if (state.applied() < position && isOutOfTouch()) {
            reply.accept(behind("is out of touch with its leader and behind what the session has seen"));
            return;
        }
        waits.await(position, BEHIND_NANOS, applied -> {
            if (applied) {
                then.run();
            } else {
                reply.accept(behind("has not applied yet what the session has seen"));
            }
        });
    }

    /** Whether what is missing here is not on its way: a leader sends what it appends at once. */
    private boolean isOutOfTouch() {
        ReplicatedLog.Standing standing = log.standing();
        return !standing.leads() && (standing.leader() == null || log.sinceLeaderContactNanos() > BEHIND_NANOS);
    }

    /** Looks into the store to answer. One that fails ends the replica: others have what it had. */
    private void answering(Consumer<Reply> reply, Runnable look) {
        try {
            look.run();
        } catch (StoreFailedException failure) {
            failed(failure);
            reply.accept(barrier.elsewhere());
        }
    }

    @Override
    public void failed(StoreFailedException failure) {
        if (failure.isCorrupt()) {
            LOG.error(
                    "The replica of {} stops; it is made anew from the others when the node starts again",
                    name,
                    failure);
            log.lose(String.valueOf(failure.getMessage()));
        } else {
            LOG.error("The replica of {} stops", name, failure);
            log.close();
        }
    }

    private void sessionRead(Request.Read read, Consumer<Reply> reply) {
        answering(reply, () -> readHere(read, reply));
    }

    private void readHere(Request.Read read, Consumer<Reply> reply) {
        long now = judge(read.judgedAtMillis());
        CacheInfo cache = state.definition(read.cacheId());
        boolean prolonged = cache != null && isProlonged(cache);
        boolean fresh = isFresh();
        if (fresh && !(prolonged && restsOnClock(read, now))) {
            reply.accept(state.answer(read, now));
        } else if (log.standing().leads()) {
            barrier.pass(
                    () -> {
                        if (prolonged || !clock.hasBegun()) {
                            strong(read, reply);
                        } else {
                            answering(reply, () -> reply.accept(state.answer(read, judge(read.judgedAtMillis()))));
                        }
                    },
                    reply);
        } else if (fresh) {
            reply.accept(behind("can't tell whether what is over by its clock has been prolonged"));
        } else {
            reply.accept(behind("has been out of touch with its leader for too long, or has just started"));
        }
    }

    /**
     * Whether a read may lengthen an entry's life. Then a replica that has not applied the read yet would call an entry gone that
     * its session sees again later; a new value is another matter, since what is gone may be followed by it.
     */
    private static boolean isProlonged(CacheInfo cache) {
        return cache.definition().expiry().isAccessBased()
                || !cache.definition().expiryPolicy().isEmpty();
    }

    private Reply behind(String why) {
        return Reply.Refused.of(Status.BEHIND, "The replica of " + name + " " + why);
    }

    private void strong(Request.Read read, Consumer<Reply> reply) {
        whenApplied(
                read.minPosition(),
                reply,
                () -> settle(
                        read.judgedAtMillis(),
                        now -> restsOnClock(read, now),
                        reply,
                        now -> reply.accept(state.answer(read, now))));
    }

    /** Whether the answer calls an entry over by the clock, and not by the log's time. */
    private boolean restsOnClock(Request.Read read, long nowMillis) {
        return read instanceof Request.Get get
                ? get.keys().stream().anyMatch(key -> isOverByClock(read.cacheId(), key, nowMillis))
                : state.nextDeadlineMillis() <= nowMillis;
    }

    /** Whether an entry is over by the clock, but not by the log's time: a new leader's clock might say otherwise. */
    private boolean isOverByClock(int cacheId, Bytes key, long nowMillis) {
        LocalEntry entry = state.entry(cacheId, key);
        return entry != null && isOverByClock(entry, nowMillis);
    }

    private boolean isOverByClock(LocalEntry entry, long nowMillis) {
        return entry.deadlineMillis() <= nowMillis && entry.deadlineMillis() > state.logTimeMillis();
    }

    /** Lets the log's time catch up first if an answer would rest on the clock alone. */
    private void settle(long judgedAtMillis, LongPredicate onlyByClock, Consumer<Reply> reply, LongConsumer answer) {
        answering(reply, () -> settled(judgedAtMillis, onlyByClock, reply, answer));
    }

    private void settled(long judgedAtMillis, LongPredicate onlyByClock, Consumer<Reply> reply, LongConsumer answer) {
        if (!clock.hasBegun()) {
            reply.accept(hasNoTime());
            return;
        }
        long now = judge(judgedAtMillis);
        if (state.logTimeMillis() >= now || !onlyByClock.test(now)) {
            answer.accept(now);
            return;
        }
        proposer.propose(List.of(new Command.Tick()))
                .thenAccept(outcome -> answering(reply, () -> ticked(outcome, now, onlyByClock, reply, answer)));
    }

    private void ticked(
            Outcome outcome, long now, LongPredicate onlyByClock, Consumer<Reply> reply, LongConsumer answer) {
        long later = Math.max(now, state.logTimeMillis());
        if (outcome instanceof Outcome.Refused refused) {
            reply.accept(reply(refused));
        } else if (state.logTimeMillis() >= later || !onlyByClock.test(later)) {
            answer.accept(later);
        } else {
            reply.accept(new Reply.Refused(
                    Status.BUSY,
                    "The leader's clock is behind the one by which the session has judged expiry",
                    Math.max(1, later - clock.millis()),
                    null));
        }
    }

    // Writes

    /** Proposes a command of a cache; a cache that the log does not know yet is defined in front of it. */
    void write(int cacheId, Command command, Consumer<Reply> reply) {
        Reply.Refused refusal = barrier.refusal();
        if (refusal != null) {
            reply.accept(refusal);
            return;
        }
        if (!clock.hasBegun()) {
            reply.accept(hasNoTime());
            return;
        }
        ifExists(cacheId, reply, () -> {
            CacheInfo unknown = state.definition(cacheId) == null ? caches.cache(cacheId) : null;
            List<Command> commands = unknown == null ? List.of(command) : List.of(new Command.Define(unknown), command);
            proposer.propose(commands).thenAccept(outcome -> reply.accept(reply(outcome)));
        });
    }

    /** Gives a lease back when what it was held for is done, or will never be. */
    void write(Request.Write write, Consumer<Reply> reply) {
        var command = new Command.Write(write.cacheId(), write.id(), write.mutations());
        write(write.cacheId(), command, answer -> {
            reply.accept(answer);
            boolean again =
                    answer instanceof Reply.Refused refused && refused.status().kind() != Status.Kind.PERMANENT;
            if (!write.lease().isNone() && !again) {
                leases.release(write.cacheId(), write.mutations().get(0).key(), write.lease());
            }
        });
    }

    /** What is stored now would end too early or too late. */
    private Reply hasNoTime() {
        return new Reply.Refused(
                Status.BUSY,
                "The leader of " + name + " has just started, and has not heard yet what most members' clocks say",
                10,
                null);
    }

    private Reply reply(Outcome outcome) {
        if (outcome instanceof Outcome.Written written) {
            return new Reply.Written(written.position(), written.logTimeMillis(), written.results());
        } else if (outcome instanceof Outcome.Refused refused) {
            return refused.status() == Status.NO_LEADER
                    ? barrier.elsewhere()
                    : Reply.Refused.of(refused.status(), refused.message());
        }
        return new Reply.Done();
    }

    /**
     * To be called every few milliseconds. A leader removes what is due, evicts what is too much, forgets the caches that the control group has
     * destroyed, learns what it has altered, and makes sure that it still leads before its reads are too old.
     */
    void upkeep() {
        clock.look();
        try {
            if (log.standing().ready()) {
                lead();
            }
        } catch (StoreFailedException failure) {
            failed(failure);
        }
    }

    private void lead() {
        if (barrier.sinceConfirmedNanos() > maxStalenessNanos / 4 && roundUnderWay.compareAndSet(false, true)) {
            barrier.pass(() -> roundUnderWay.set(false), refused -> roundUnderWay.set(false));
        }
        if (!clock.hasBegun()) {
            return;
        }
        evictions.lead(state.caches());
        if (evictions.upkeep()) {
            proposer.evict();
        }
        List<Command> commands = new ArrayList<>();
        boolean altered = false;
        if (state.nextDeadlineMillis() <= clock.millis()) {
            commands.add(new Command.Tick());
        }
        for (int cacheId : state.caches()) {
            CacheInfo decided = caches.cache(cacheId);
            if (caches.isDestroyed(cacheId)) {
                commands.add(new Command.Drop(cacheId));
            } else if (decided != null && isAltered(decided)) {
                commands.add(new Command.Define(decided));
                altered = true;
            }
        }
        if (!commands.isEmpty() && upkeepUnderWay.compareAndSet(false, true)) {
            boolean bounds = altered;
            proposer.propose(commands).thenAccept(outcome -> {
                if (bounds) {
                    evictions.rest();
                }
                upkeepUnderWay.set(false);
            });
        }
    }

    private boolean isAltered(CacheInfo decided) {
        CacheInfo here = state.definition(decided.id());
        return here != null && here.revision() < decided.revision();
    }

    // Leases

    void readForUpdate(Request.ReadForUpdate request, Caller caller, Consumer<Reply> reply) {
        Reply.Refused refusal = barrier.refusal();
        if (refusal != null) {
            reply.accept(refusal);
            return;
        }
        ifExists(
                request.cacheId(),
                reply,
                () -> leases.acquire(
                        request.cacheId(),
                        request.key(),
                        request.lease(),
                        caller,
                        request.waitMillis(),
                        request.holdMillis(),
                        why -> granted(request, why, reply)));
    }

    private void granted(Request.ReadForUpdate request, @Nullable Status why, Consumer<Reply> reply) {
        evictions.read(request.cacheId(), request.key());
        if (why == Status.NO_LEADER) {
            reply.accept(barrier.elsewhere());
        } else if (why == Status.BUSY) {
            reply.accept(new Reply.Refused(
                    why, "Too many wait for leases, or this wait has ended for want of a sign of life", 10, null));
        } else if (why == Status.INVALID) {
            reply.accept(Reply.Refused.of(why, "The number of this lease is in use for another entry"));
        } else if (why != null) {
            reply.accept(
                    Reply.Refused.of(why, "The lease of the entry, which others hold, did not become free in time"));
        } else {
            settle(
                    0,
                    now -> isOverByClock(request.cacheId(), request.key(), now),
                    reply,
                    now -> reply.accept(state.leased(request, now)));
        }
    }

    /** Takes a sign of life of who holds a lease, or waits for one. */
    void renew(LeaseId lease) {
        leases.renew(lease);
    }

    /** Ends the leases that were asked for over a connection that is closed. */
    void disconnected(Caller caller) {
        leases.disconnected(caller);
    }

    /** Absent now is as good as absent since: what a caller saw is so again at this moment. */
    void release(Request.Release request, Consumer<Reply> reply) {
        if (!(request.condition() instanceof Condition.Any)) {
            barrier.pass(
                    () -> settle(
                            0,
                            now -> isOverByClock(request.cacheId(), request.key(), now),
                            reply,
                            now -> released(request, now, reply)),
                    reply);
            return;
        }
        Reply.Refused refusal = barrier.refusal();
        if (refusal == null) {
            answering(reply, () -> released(request, judge(0), reply));
        } else {
            reply.accept(refusal);
        }
    }

    private void released(Request.Release request, long nowMillis, Consumer<Reply> reply) {
        LocalEntry entry = state.live(request.cacheId(), request.key(), nowMillis);
        boolean held = Conditions.hold(request.condition(), entry, since -> true);
        long seen = state.applying();
        leases.release(request.cacheId(), request.key(), request.lease());
        reply.accept(new Reply.Released(seen, nowMillis, held));
    }

    // Checkpoints

    /** Tells how far the shard is, then gives pieces of a checkpoint from there on. */
    void checkpoint(Request.FetchCheckpoint request, Consumer<Reply> reply) {
        if (request.since() == 0) {
            barrier.pass(() -> reply.accept(new Reply.Checkpoint(Math.max(1, state.applied()), Bytes.EMPTY)), reply);
            return;
        }
        Reply.Refused refusal = barrier.refusal();
        if (refusal != null) {
            reply.accept(refusal);
            return;
        }
        log.checkpoint(request.since(), new Wanted(request.term(), request.position(), request.offset()))
                .whenComplete((piece, failure) -> reply.accept(
                        failure != null
                                ? Reply.Refused.of(
                                        Status.INVALID,
                                        String.valueOf(Session.unwrap(failure).getMessage()))
                                : piece == null
                                        ? notTakenYet()
                                        : new Reply.Checkpoint(request.since(), piece.encode())));
    }

    /** The checkpoint is taken after the next entry: here is one. */
    private Reply notTakenYet() {
        proposer.propose(List.of(new Command.Tick()));
        return new Reply.Refused(Status.BUSY, "The checkpoint of " + name + " is being taken", 50, null);
    }

    // Changes

    /**
     * Tells the changes of a cache, once this replica has got where the subscriber has been.
     *
     * @param wanted whether they are still wanted, asked before the subscription begins
     * @param begun takes the task that ends the subscription
     */
    void subscribe(
            Request.Subscribe request, Consumer<Reply> replies, BooleanSupplier wanted, Consumer<Runnable> begun) {
        long from = Math.max(request.afterPosition(), request.minPosition());
        ifExists(
                request.cacheId(),
                replies,
                () -> whenApplied(from, replies, () -> {
                    if (wanted.getAsBoolean()) {
                        begun.accept(state.window().subscribe(request.cacheId(), request.afterPosition(), replies));
                    }
                }));
    }

    /** Runs a task of an existing cache; at once unless this node has not heard of the cache yet. */
    private void ifExists(int cacheId, Consumer<Reply> reply, Runnable task) {
        if (caches.cache(cacheId) != null) {
            task.run();
        } else if (caches.isDestroyed(cacheId)) {
            reply.accept(noSuchCache(cacheId));
        } else {
            caches.learn(cacheId, refusal -> {
                if (refusal != null) {
                    boolean others = refusal.status().kind() == Status.Kind.TRANSIENT
                            && !log.standing().leads();
                    reply.accept(others ? behind("has not heard of cache " + cacheId + " yet") : refusal);
                } else if (caches.cache(cacheId) == null) {
                    reply.accept(noSuchCache(cacheId));
                } else {
                    task.run();
                }
            });
        }
    }

    private static Reply.Refused noSuchCache(int cacheId) {
        return Reply.Refused.of(Status.NO_SUCH_CACHE, "Cache " + cacheId + " does not exist, or no longer");
    }

    @Override
    public void close() {
        log.close();
        leases.dropAll();
    }
}
