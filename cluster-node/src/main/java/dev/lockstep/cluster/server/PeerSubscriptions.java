package dev.lockstep.cluster.server;

import dev.lockstep.cluster.server.Authorization.Access;
import dev.lockstep.protocol.link.RequestServer.Replies;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The subscriptions of one connection, which end when it loses the right to read or does not read fast enough. Thread-safe. */
final class PeerSubscriptions {

    private final Access access;
    private final Replies replies;
    private final int max;
    private final LongAdder busy;
    private final LongAdder slow;
    private final Map<Long, PeerSubscription> open = new ConcurrentHashMap<>();

    /**
     * @param max that may be open
     * @param busy counts those that were not admitted
     * @param slow counts those that ended since their changes were not read fast enough
     */
    PeerSubscriptions(Access access, Replies replies, int max, LongAdder busy, LongAdder slow) {
        this.access = access;
        this.replies = replies;
        this.max = max;
        this.busy = busy;
        this.slow = slow;
    }

    /** Begins a subscription, here or at another node, as {@link dev.lockstep.cluster.shard.ShardHost#subscribe} does. */
    interface Changes {
        void subscribe(
                Request.Subscribe request, Consumer<Reply> replies, BooleanSupplier wanted, Consumer<Runnable> begun);
    }

    /**
     * Opens a subscription, in the place of one that has this id.
     *
     * @param changes where it is begun
     */
    void subscribe(long correlationId, Request.Subscribe request, Changes changes) {
        if (open.size() >= max) {
            busy.increment();
            replies.send(
                    correlationId,
                    new Reply.Refused(Status.BUSY, max + " subscriptions are open on this connection", 100, null));
            return;
        }
        PeerSubscription base = open.get(request.base());
        if (request.base() != 0 && (base == null || !base.isOf(request.shard()))) {
            replies.send(
                    correlationId, Reply.Refused.of(Status.BEHIND, "The subscription that this one extends has ended"));
            return;
        }
        PeerSubscription subscription = new PeerSubscription(base == null ? request : base.extended(request));
        PeerSubscription before = open.put(correlationId, subscription);
        if (before != null) {
            before.end();
        }
        changes.subscribe(
                subscription.request(),
                reply -> {
                    subscription.told(reply);
                    push(correlationId, reply);
                },
                subscription::isWanted,
                subscription::begun);
    }

    /** A peer that does not read its changes fast enough loses its subscription, not our memory. */
    private void push(long correlationId, Reply reply) {
        if (reply instanceof Reply.Refused) {
            end(correlationId);
            replies.send(correlationId, reply);
        } else if (isRevoked(correlationId, reply)) {
            end(correlationId);
            replies.send(
                    correlationId,
                    Reply.Refused.of(Status.FORBIDDEN, "The right to read has been taken away meanwhile"));
        } else if (replies.isWritable()) {
            replies.send(correlationId, reply);
        } else {
            slow.increment();
            end(correlationId);
            replies.send(correlationId, Reply.Refused.of(Status.BUSY, "The changes were not read fast enough"));
        }
    }

    private boolean isRevoked(long correlationId, Reply reply) {
        PeerSubscription subscription = open.get(correlationId);
        return access != Access.FULL
                && reply instanceof Reply.Changes
                && (subscription == null
                        || !access.mayRead(subscription.request().cacheIds()));
    }

    void end(long correlationId) {
        PeerSubscription subscription = open.remove(correlationId);
        if (subscription != null) {
            subscription.end();
        }
    }

    int size() {
        return open.size();
    }

    void endAll() {
        open.keySet().forEach(this::end);
    }
}
