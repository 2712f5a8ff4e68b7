package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.readindex.AppliedPositionWaiters;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.store.StoreFailedException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conditions that requests to one replica wait for, each by a method of its name: it runs {@code then} once the condition
 * holds, now or later, or answers a refusal. Thread-safe.
 */
final class RequestGuards {

    private static final Logger LOG = LoggerFactory.getLogger(RequestGuards.class);

    /** The longest wait of a request for this replica to apply the session's position. */
    private static final long BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ReplicaState state;
    private final ReplicatedLog<?, ?> log;
    private final ExpiryClock clock;
    private final CacheCatalog caches;
    private final ReadBarrier barrier;
    private final AppliedPositionWaiters positions;
    private final Proposer proposer;

    RequestGuards(
            ReplicaState state,
            ReplicatedLog<?, ?> log,
            ExpiryClock clock,
            CacheCatalog caches,
            ReadBarrier barrier,
            AppliedPositionWaiters positions,
            Proposer proposer) {
        this.state = state;
        this.log = log;
        this.clock = clock;
        this.caches = caches;
        this.barrier = barrier;
        this.positions = positions;
        this.proposer = proposer;
    }

    /** Requires that the cache exists; waits only while this node has not learnt of the cache yet. */
    void cacheExists(int cacheId, Consumer<Reply> reply, Runnable then) {
        if (caches.cache(cacheId) != null) {
            then.run();
        } else if (caches.isDestroyed(cacheId)) {
            reply.accept(noSuchCache(cacheId));
        } else {
            caches.learn(cacheId, refusal -> {
                if (refusal != null) {
                    reply.accept(unlearnt(cacheId, refusal));
                } else if (caches.cache(cacheId) == null) {
                    reply.accept(noSuchCache(cacheId));
                } else {
                    then.run();
                }
            });
        }
    }

    /**
     * Waits until it is known here of each cache whether it exists.
     *
     * @param then takes those that do not
     */
    void cachesKnown(Collection<Integer> cacheIds, Consumer<Reply> reply, Consumer<List<Integer>> then) {
        List<Integer> missing =
                cacheIds.stream().filter(id -> caches.cache(id) == null).toList();
        Optional<Integer> lowestUnknown =
                missing.stream().filter(id -> !caches.isDestroyed(id)).min(Comparator.naturalOrder());
        if (lowestUnknown.isEmpty()) {
            then.accept(missing);
            return;
        }
        caches.learn(lowestUnknown.get(), refusal -> {
            if (refusal == null) {
                cachesKnown(cacheIds, reply, then);
            } else if (refusal.status() == Status.NO_SUCH_CACHE) {
                // Ids rise, so that none of those above it was created either.
                then.accept(missing);
            } else {
                reply.accept(unlearnt(lowestUnknown.get(), refusal));
            }
        });
    }

    /** A follower that has not learnt of a cache is left for another replica. */
    private Reply.Refused unlearnt(int cacheId, Reply.Refused refusal) {
        boolean others = refusal.status().kind() == Status.Kind.TRANSIENT
                && !log.leadership().leads();
        return others ? behind("does not know cache " + cacheId + " yet") : refusal;
    }

    private static Reply.Refused noSuchCache(int cacheId) {
        return Reply.Refused.of(Status.NO_SUCH_CACHE, "Cache " + cacheId + " does not exist, or no longer");
    }

    /** Requires that this replica leads, by its own account and without a round. */
    void leads(Consumer<Reply> reply, Runnable then) {
        Reply.Refused refusal = barrier.refusal();
        if (refusal == null) {
            then.run();
        } else {
            reply.accept(refusal);
        }
    }

    /** Waits until a position that the session has seen is applied here. */
    void positionApplied(long position, Consumer<Reply> reply, Runnable then) {
        if (state.applied() < position && isOutOfTouch()) {
            reply.accept(behind("is out of touch with its leader and behind what the session has seen"));
            return;
        }
        positions.await(position, BEHIND_NANOS, applied -> {
            if (applied) {
                then.run();
            } else {
                reply.accept(behind("has not applied yet what the session has seen"));
            }
        });
    }

    /** Returns true if missing entries are not on their way: a leader sends what it appends at once. */
    private boolean isOutOfTouch() {
        ReplicatedLog.Leadership leadership = log.leadership();
        return !leadership.leads() && (leadership.leader() == null || log.sinceLeaderContactNanos() > BEHIND_NANOS);
    }

    /** Requires that the log's time is known here: without it, entries would expire too early or too late. */
    void logTimeKnown(Consumer<Reply> reply, Runnable then) {
        if (clock.hasBegun()) {
            then.run();
        } else {
            reply.accept(new Reply.Refused(
                    Status.BUSY,
                    "The leader of " + state.name()
                            + " has just started, and does not know the clocks of a majority of members yet",
                    10,
                    null));
        }
    }

    /**
     * Waits until the log's time has reached the one at which the answer evaluates expiry, if the answer depends on
     * the clock alone.
     *
     * @param byClockOnly whether the answer would call an entry expired at a time that the log has not reached
     * @param then takes the time at which expiry is to be evaluated
     */
    void logTimeSettled(long judgedAtMillis, LongPredicate byClockOnly, Consumer<Reply> reply, LongConsumer then) {
        logTimeKnown(
                reply,
                () -> storeSound(reply, () -> {
                    long now = clock.notBefore(judgedAtMillis);
                    if (state.logTimeMillis() >= now || !byClockOnly.test(now)) {
                        then.accept(now);
                        return;
                    }
                    proposer.propose(List.of(new Command.Tick()))
                            .outcome()
                            .thenAccept(outcome ->
                                    storeSound(reply, () -> settledBy(outcome, now, byClockOnly, reply, then)));
                }));
    }

    private void settledBy(
            Outcome outcome, long now, LongPredicate byClockOnly, Consumer<Reply> reply, LongConsumer then) {
        long later = Math.max(now, state.logTimeMillis());
        if (outcome instanceof Outcome.Refused refused) {
            reply.accept(reply(refused));
        } else if (state.logTimeMillis() >= later || !byClockOnly.test(later)) {
            then.accept(later);
        } else {
            reply.accept(new Reply.Refused(
                    Status.BUSY,
                    "The leader's clock is behind the one by which the session has evaluated expiry",
                    clock.untilReached(later),
                    null));
        }
    }

    /** Reads the store; one that fails stops the replica, since others have what it had. */
    void storeSound(Consumer<Reply> reply, Runnable look) {
        try {
            look.run();
        } catch (StoreFailedException failure) {
            storeFailed(failure);
            reply.accept(barrier.elsewhere());
        }
    }

    /** Stops the replica; one with a corrupt store is rebuilt from the others when the node starts again. */
    void storeFailed(StoreFailedException failure) {
        if (failure.isCorrupt()) {
            LOG.error(
                    "Stopping the replica of {}: its store is corrupt; it is rebuilt from the other replicas when the node"
                            + " is restarted",
                    state.name(),
                    failure);
            log.lose(String.valueOf(failure.getMessage()));
        } else {
            LOG.error("Stopping the replica of {}: its store failed", state.name(), failure);
            log.close();
        }
    }

    /** A refusal of a replica that is not where the session has been, or may not be. */
    Reply.Refused behind(String why) {
        return Reply.Refused.of(Status.BEHIND, "The replica of " + state.name() + " " + why);
    }

    /** The reply to a proposed command. */
    Reply reply(Outcome outcome) {
        if (outcome instanceof Outcome.Written written) {
            return new Reply.Written(written.position(), written.logTimeMillis(), written.results());
        } else if (outcome instanceof Outcome.Refused refused) {
            return refused.status() == Status.NO_LEADER
                    ? barrier.elsewhere()
                    : Reply.Refused.of(refused.status(), refused.message());
        }
        return new Reply.Done();
    }
}
