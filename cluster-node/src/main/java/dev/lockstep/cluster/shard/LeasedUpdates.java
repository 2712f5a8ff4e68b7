package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Conditions;
import dev.lockstep.cluster.readindex.ReadBarrier;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads for update: an entry is read under a lease, and the lease ends with the write or with a release. Thread-safe.
 */
final class LeasedUpdates {

    private final ReplicaState state;
    private final ReadAnswers answers;
    private final ExpiryClock clock;
    private final RequestGuards guards;
    private final ReadBarrier barrier;
    private final EvictionAdvisor evictions;
    private final EntryLeases leases;

    LeasedUpdates(
            ReplicaState state,
            ExpiryClock clock,
            RequestGuards guards,
            ReadBarrier barrier,
            EvictionAdvisor evictions,
            EntryLeases leases) {
        this.state = state;
        this.answers = new ReadAnswers(state);
        this.clock = clock;
        this.guards = guards;
        this.barrier = barrier;
        this.evictions = evictions;
        this.leases = leases;
    }

    /** Acquires the lease of an entry, then answers what the entry is. */
    void readForUpdate(Request.ReadForUpdate request, Caller caller, Consumer<Reply> reply) {
        guards.leads(
                reply,
                () -> guards.cacheExists(
                        request.cacheId(),
                        reply,
                        () -> leases.acquire(
                                request.cacheId(),
                                request.key(),
                                request.lease(),
                                caller,
                                request.waitMillis(),
                                request.holdMillis(),
                                why -> granted(request, why, reply))));
    }

    private void granted(Request.ReadForUpdate request, @Nullable Status why, Consumer<Reply> reply) {
        evictions.read(request.cacheId(), request.key());
        if (why == Status.NO_LEADER) {
            reply.accept(barrier.elsewhere());
        } else if (why == Status.BUSY) {
            reply.accept(new Reply.Refused(
                    why,
                    "Too many wait for leases, this wait has ended for want of a sign of life, or leadership is being transferred",
                    10,
                    null));
        } else if (why == Status.INVALID) {
            reply.accept(Reply.Refused.of(why, "The number of this lease is in use for another entry"));
        } else if (why != null) {
            reply.accept(
                    Reply.Refused.of(why, "The lease of the entry, which others hold, did not become free in time"));
        } else {
            guards.leads(
                    refusal -> {
                        // Leadership ended between the request and the grant, and with it all leases.
                        leases.dropAll();
                        reply.accept(refusal);
                    },
                    () -> settled(
                            request.cacheId(),
                            request.key(),
                            reply,
                            now -> reply.accept(answers.leased(request, now))));
        }
    }

    private void settled(int cacheId, Bytes key, Consumer<Reply> reply, LongConsumer then) {
        guards.logTimeSettled(0, now -> clock.isExpiredByClockOnly(cacheId, key, now), reply, then);
    }

    /**
     * Releases a lease without a write, and answers whether a condition holds. For a release, checking absence now suffices: if
     * the key is absent, what the caller observed holds at this moment.
     */
    void release(Request.Release request, Consumer<Reply> reply) {
        if (request.condition() instanceof Condition.Any) {
            guards.leads(reply, () -> guards.storeSound(reply, () -> released(request, clock.millis(), reply)));
        } else {
            barrier.pass(
                    () -> settled(request.cacheId(), request.key(), reply, now -> released(request, now, reply)),
                    reply);
        }
    }

    private void released(Request.Release request, long nowMillis, Consumer<Reply> reply) {
        StoredEntry entry = state.live(request.cacheId(), request.key(), nowMillis);
        boolean held = Conditions.hold(request.condition(), entry, since -> true);
        long seen = state.applying();
        leases.release(request.cacheId(), request.key(), request.lease());
        reply.accept(new Reply.Released(seen, nowMillis, held));
    }
}
