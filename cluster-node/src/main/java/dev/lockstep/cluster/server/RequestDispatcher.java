package dev.lockstep.cluster.server;

import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.protocol.routing.RequestServer;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Admits requests, hands them to whom they are for, and sends the replies back; decides nothing. Thread-safe. */
public final class RequestDispatcher implements RequestServer {

    private static final Logger LOG = LoggerFactory.getLogger(RequestDispatcher.class);

    private final ControlGroup control;
    private final ShardHost shards;
    private final Supplier<ClusterView> view;
    private final int maxInFlight;

    /** @param maxInFlight requests of one connection that may be under way */
    public RequestDispatcher(ControlGroup control, ShardHost shards, Supplier<ClusterView> view, int maxInFlight) {
        this.control = control;
        this.shards = shards;
        this.view = view;
        this.maxInFlight = maxInFlight;
    }

    @Override
    public Connection connect(Replies replies) {
        return new Peer(replies);
    }

    /** One connection: what it has under way, and what it has subscribed to. */
    private final class Peer implements Connection {

        private final Replies replies;
        private final AtomicInteger inFlight = new AtomicInteger();
        private final Map<Long, Runnable> subscriptions = new ConcurrentHashMap<>();

        Peer(Replies replies) {
            this.replies = replies;
        }

        @Override
        public void serve(long correlationId, Request request) {
            if (inFlight.get() >= maxInFlight) {
                replies.send(
                        correlationId,
                        new Reply.Refused(Status.BUSY, maxInFlight + " requests are under way", 10, null));
                return;
            }
            try {
                dispatch(correlationId, request);
            } catch (RuntimeException failure) {
                LOG.error("{} failed", request.getClass().getSimpleName(), failure);
                replies.send(correlationId, Reply.Refused.of(Status.INTERNAL, "The node failed: " + failure));
            }
        }

        private void dispatch(long correlationId, Request request) {
            if (request instanceof Request.Subscribe subscribe) {
                subscriptions.put(correlationId, shards.subscribe(subscribe, reply -> push(correlationId, reply)));
            } else if (request instanceof Request.Unsubscribe unsubscribe) {
                end(unsubscribe.correlationId());
                replies.send(correlationId, new Reply.Done());
            } else if (request instanceof Request.ToShard toShard) {
                inFlight.incrementAndGet();
                shards.serve(toShard, reply -> {
                    inFlight.decrementAndGet();
                    replies.send(correlationId, reply);
                });
            } else if (request instanceof Request.DescribeCluster) {
                replies.send(correlationId, new Reply.Cluster(view.get()));
            } else if (request instanceof Request.ListCaches) {
                replies.send(correlationId, new Reply.Caches(control.state().caches()));
            } else if (request instanceof Request.CreateCache || request instanceof Request.DestroyCache) {
                control.propose(request)
                        .whenComplete((reply, failure) -> replies.send(
                                correlationId,
                                failure == null
                                        ? reply
                                        : Reply.Refused.of(Status.NO_LEADER, "The control group: " + failure)));
            } else {
                replies.send(correlationId, Reply.Refused.of(Status.INVALID, "Not a request for a node: " + request));
            }
        }

        /** A peer that does not read its changes fast enough loses its subscription, not our memory. */
        private void push(long correlationId, Reply reply) {
            if (replies.isWritable()) {
                replies.send(correlationId, reply);
            } else {
                end(correlationId);
                replies.send(correlationId, Reply.Refused.of(Status.BUSY, "The changes were not read fast enough"));
            }
        }

        private void end(long correlationId) {
            Runnable subscription = subscriptions.remove(correlationId);
            if (subscription != null) {
                subscription.run();
            }
        }

        @Override
        public void closed() {
            subscriptions.keySet().forEach(this::end);
        }
    }
}
