package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The reads of one replica: those of sessions in this JVM at once, on the caller's thread, all others as requests that pass a
 * list of steps before they are answered. Thread-safe.
 */
final class ReplicaReads {

    private final ReplicaState state;
    private final ReadAnswers answers;
    private final ReplicatedLog<?, ?> log;
    private final SessionReadRule rule;
    private final ExpiryClock clock;
    private final RequestGuards guards;
    private final ReadBarrier barrier;
    private final EvictionAdvisor evictions;
    private final SlowRequests slow;

    /** A linearizable read. */
    private final List<Step> strong = List.of(
            this::cacheExists,
            this::countedAsAccess,
            this::leadershipConfirmed,
            this::committedApplied,
            this::sessionPositionApplied,
            this::logTimeSettled);

    /** A session's read, by the replica alone if the {@link SessionReadRule} lets it. */
    private final List<Step> session =
            List.of(this::cacheExists, this::countedAsAccess, this::sessionPositionApplied, this::freshOrConfirmed);

    /** The rest of a session's read that a leader may not answer alone, when time makes no difference. */
    private final List<Step> confirmed =
            List.of(this::leadershipConfirmed, this::committedApplied, this::expiryByClock);

    /** The rest of a session's read that a leader may not answer alone, when its clock is not enough either. */
    private final List<Step> confirmedAndSettled = List.of(
            this::leadershipConfirmed, this::committedApplied, this::sessionPositionApplied, this::logTimeSettled);

    /** A step of a read: proceeds, now or later, or refuses the read. */
    private interface Step {
        void take(PendingRead read);
    }

    /** A read on its way through its steps. Handed from thread to thread, used by one at a time. */
    private final class PendingRead {

        private final Request.Read request;
        private final Consumer<Reply> reply;
        private List<Step> steps;
        private int next;
        private long commitPosition;
        private long nowMillis;
        private final long begunNanos = slow.nanos();
        private long confirmingNanos;

        PendingRead(Request.Read request, Consumer<Reply> reply, List<Step> steps) {
            this.request = request;
            this.reply = reply;
            this.steps = steps;
        }

        /** Takes the next step, or answers after the last one. */
        void proceed() {
            guards.storeSound(reply, () -> {
                if (next < steps.size()) {
                    steps.get(next++).take(this);
                } else {
                    Reply answer = answers.answer(request, nowMillis);
                    slow.read(request, begunNanos, confirmingNanos, answer);
                    reply.accept(answer);
                }
            });
        }

        /** Proceeds, expiry being evaluated at {@code millis}. */
        void proceedAt(long millis) {
            nowMillis = millis;
            proceed();
        }

        /** Proceeds with other steps instead of those that are left. */
        void proceedWith(List<Step> others) {
            steps = others;
            next = 0;
            proceed();
        }

        /** Returns true if the answer would call an entry expired by the clock only, not by log time. */
        boolean isByClockOnly(long millis) {
            return request instanceof Request.Get get
                    ? get.keys().stream().anyMatch(key -> clock.isExpiredByClockOnly(request.cacheId(), key, millis))
                    : state.nextDeadlineMillis() <= millis;
        }
    }

    ReplicaReads(
            ReplicaState state,
            ReplicatedLog<?, ?> log,
            SessionReadRule rule,
            ExpiryClock clock,
            RequestGuards guards,
            ReadBarrier barrier,
            EvictionAdvisor evictions,
            SlowRequests slow) {
        this.state = state;
        this.answers = new ReadAnswers(state);
        this.log = log;
        this.rule = rule;
        this.clock = clock;
        this.guards = guards;
        this.barrier = barrier;
        this.evictions = evictions;
        this.slow = slow;
    }

    /** See {@link SessionReadRule#sinceContactNanos}. */
    long sinceContactNanos() {
        return rule.sinceContactNanos();
    }

    /** Looks an entry up for a session, on the caller's thread; null when this replica can't answer at once. */
    @Nullable
    LocalEntry get(int cacheId, Bytes key, SessionPositions positions) {
        int shard = state.shard();
        CacheInfo cache = state.definition(cacheId);
        if (!rule.hasApplied(positions.position(shard)) || cache == null || !rule.isFresh()) {
            return null;
        }
        if (cache.definition().isBounded()) {
            evictions.read(cacheId, key);
        }
        StoredEntry entry;
        try {
            entry = state.entry(cacheId, key);
        } catch (StoreFailedException failure) {
            guards.storeFailed(failure);
            return null;
        }
        positions.saw(shard, state.applying());
        if (entry == null) {
            return LocalEntry.ABSENT;
        }
        if (entry.deadlineMillis() != Long.MAX_VALUE) {
            long now = clock.notBefore(positions.judgedAtMillis(shard));
            if (rule.mayBeProlonged(cache, entry, now)) {
                return null;
            }
            positions.judged(shard, now);
            return entry.deadlineMillis() <= now ? LocalEntry.ABSENT : entry;
        }
        return entry;
    }

    /** Answers a get, scan or size. */
    void read(Request.Read request, Consumer<Reply> reply) {
        new PendingRead(request, reply, request.consistency() == Consistency.STRONG ? strong : session).proceed();
    }

    private void cacheExists(PendingRead read) {
        guards.cacheExists(read.request.cacheId(), read.reply, read::proceed);
    }

    private void countedAsAccess(PendingRead read) {
        if (read.request instanceof Request.Get get && get.withValues()) {
            get.keys().forEach(key -> evictions.read(get.cacheId(), key));
        }
        read.proceed();
    }

    private void leadershipConfirmed(PendingRead read) {
        long askedNanos = slow.nanos();
        barrier.confirm(
                commitPosition -> {
                    read.confirmingNanos += slow.nanos() - askedNanos;
                    read.commitPosition = commitPosition;
                    read.proceed();
                },
                read.reply);
    }

    private void committedApplied(PendingRead read) {
        barrier.awaitApplied(read.commitPosition, read::proceed, read.reply);
    }

    private void sessionPositionApplied(PendingRead read) {
        guards.positionApplied(read.request.minPosition(), read.reply, read::proceed);
    }

    private void freshOrConfirmed(PendingRead read) {
        long now = clock.notBefore(read.request.judgedAtMillis());
        CacheInfo cache = state.definition(read.request.cacheId());
        boolean prolonged = cache != null && SessionReadRule.isProlongedByReads(cache);
        boolean fresh = rule.isFresh();
        if (fresh && !(prolonged && read.isByClockOnly(now))) {
            read.proceedAt(now);
        } else if (log.leadership().leads()) {
            read.proceedWith(prolonged || !clock.hasBegun() ? confirmedAndSettled : confirmed);
        } else if (fresh) {
            read.reply.accept(
                    guards.behind("can't tell whether an entry that has expired by its clock was touched since"));
        } else {
            read.reply.accept(guards.behind("has been out of touch with its leader for too long, or has just started"));
        }
    }

    private void expiryByClock(PendingRead read) {
        read.proceedAt(clock.notBefore(read.request.judgedAtMillis()));
    }

    private void logTimeSettled(PendingRead read) {
        guards.logTimeSettled(read.request.judgedAtMillis(), read::isByClockOnly, read.reply, read::proceedAt);
    }
}
