package dev.lockstep.protocol.session;

import dev.lockstep.protocol.routing.Route;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A session's entry leases: gives them their numbers, renews those that are waited for or held, and gives back what was granted
 * to nobody. Thread-safe.
 */
final class SessionLeases {

    /** The time that a lease outlives the last sign of life: so long a caller that has died or is frozen keeps others waiting. */
    private static final Duration HOLD = Duration.ofSeconds(3);

    private static final long RENEW_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The longest that a lease is renewed: after that others may do it again. */
    private static final Duration MAX_HOLD = Duration.ofMinutes(5);

    private final Router router;
    private final Time time;
    private final EventLoop loop;
    private final long sessionHigh;
    private final long sessionLow;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, Living> living = new ConcurrentHashMap<>();
    private final AtomicBoolean renewing = new AtomicBoolean();

    /** A lease that is asked for or held. */
    private record Living(int cacheId, int shard, Deadline until) {}

    SessionLeases(Router router, Time time, EventLoop loop, Entropy entropy) {
        this.router = router;
        this.time = time;
        this.loop = loop;
        this.sessionHigh = entropy.nextLong();
        this.sessionLow = entropy.nextLong();
    }

    /**
     * Asks for the lease of an entry; it is renewed from now on, until it has {@link #ended}. To cancel the future is to give up
     * waiting.
     *
     * @param seen takes the answer
     */
    CompletableFuture<LeaseGrant> acquire(
            int cacheId, int shard, Bytes key, long waitMillis, Consumer<Reply.Leased> seen) {
        LeaseId lease = new LeaseId(sessionHigh, sessionLow, numbers.incrementAndGet());
        living.put(lease.number(), new Living(cacheId, shard, Deadline.after(time, MAX_HOLD)));
        renewLater();
        var release = new Request.Release(cacheId, shard, key, lease, Condition.ANY);
        CompletableFuture<Reply> call = router.call(
                new Request.ReadForUpdate(cacheId, shard, key, lease, waitMillis, HOLD.toMillis()),
                router.deadline(),
                late -> {
                    if (!living.containsKey(lease.number())) {
                        router.call(release);
                    }
                });
        if (Futures.isSuccess(call)) {
            return CompletableFuture.completedFuture(grant(lease, call.join(), seen));
        }
        CompletableFuture<LeaseGrant> held = call.thenApply(reply -> grant(lease, reply, seen));
        held.whenComplete((granted, failure) -> {
            if (failure != null) {
                ended(lease);
                call.cancel(false);
                // It may be granted yet, with no caller left to use it.
                router.call(release);
            }
        });
        return held;
    }

    private static LeaseGrant grant(LeaseId lease, Reply reply, Consumer<Reply.Leased> seen) {
        Reply.Leased leased = (Reply.Leased) reply;
        seen.accept(leased);
        return new LeaseGrant(lease, new ReadResult(leased.entry(), leased.lastVersion()));
    }

    /** Stops renewing a lease that is not held any more, or soon will not be. */
    void ended(LeaseId lease) {
        living.remove(lease.number());
    }

    /** Renews none of a cache any more. */
    void forget(int cacheId) {
        living.values().removeIf(lease -> lease.cacheId() == cacheId);
    }

    /** Renews none any more. */
    void close() {
        living.clear();
    }

    private void renewLater() {
        if (renewing.compareAndSet(false, true)) {
            loop.schedule(RENEW_NANOS, this::renew);
        }
    }

    /** One message to each node that leads a shard in which there are leases, through another one when it does not answer here. */
    private void renew() {
        Map<Route, List<Request.RenewLeases.Lease>> byLeader = new HashMap<>();
        living.forEach((number, lease) -> {
            if (lease.until().isPast(time)) {
                living.remove(number);
            } else {
                byLeader.computeIfAbsent(router.toLeader(lease.shard()), none -> new ArrayList<>())
                        .add(new Request.RenewLeases.Lease(lease.shard(), number));
            }
        });
        byLeader.forEach((leader, leases) ->
                router.tell(leader, new Request.RenewLeases(sessionHigh, sessionLow, List.copyOf(leases))));
        renewing.set(false);
        if (!living.isEmpty()) {
            renewLater();
        }
    }
}
