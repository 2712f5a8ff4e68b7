package dev.lockstep.cluster.server;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.shard.Caller;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Admits requests, hands them to whom they are for, and sends the replies back; decides nothing. Thread-safe. */
public final class RequestDispatcher implements RequestServer {

    private static final Logger LOG = LoggerFactory.getLogger(RequestDispatcher.class);

    private static final long NO_TERM = -1;

    private final Consensus consensus;
    private final ControlGroup control;
    private final ShardHost shards;
    private final TermConfirmations peers;
    private final Time time;
    private final Supplier<ClusterView> view;
    private final Supplier<List<ReplicaStatus>> replicas;
    private final int maxInFlight;

    /**
     * @param peers to whom requests are passed on
     * @param replicas how those of this node are
     * @param maxInFlight requests of one connection that may be under way
     */
    public RequestDispatcher(
            Consensus consensus,
            ControlGroup control,
            ShardHost shards,
            TermConfirmations peers,
            Time time,
            Supplier<ClusterView> view,
            Supplier<List<ReplicaStatus>> replicas,
            int maxInFlight) {
        this.consensus = consensus;
        this.control = control;
        this.shards = shards;
        this.peers = peers;
        this.time = time;
        this.view = view;
        this.replicas = replicas;
        this.maxInFlight = maxInFlight;
    }

    @Override
    public Connection connect(@Nullable NodeId node, Replies replies) {
        return new Peer(node, replies);
    }

    /** One connection: what it has under way, and what it has subscribed to. */
    private final class Peer implements Connection, Caller {

        private final @Nullable NodeId node;
        private final Replies replies;
        private final AtomicInteger inFlight = new AtomicInteger();
        private final Map<Long, Runnable> subscriptions = new ConcurrentHashMap<>();
        private volatile boolean closed;

        Peer(@Nullable NodeId node, Replies replies) {
            this.node = node;
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
                subscribe(correlationId, subscribe);
            } else if (request instanceof Request.Unsubscribe unsubscribe) {
                end(unsubscribe.correlationId());
                replies.send(correlationId, new Reply.Done());
            } else if (request instanceof Request.DescribeCluster) {
                replies.send(correlationId, new Reply.Cluster(view.get()));
            } else if (request instanceof Request.RenewLeases renewal) {
                shards.renew(renewal);
                replies.send(correlationId, new Reply.Done());
            } else if (request instanceof Request.ConfirmTerms confirm) {
                replies.send(correlationId, confirmed(confirm));
            } else if (request instanceof Request.ReadClock) {
                replies.send(correlationId, new Reply.Clock(Math.max(0, time.millis()), shards.logTimes()));
            } else if (request instanceof Request.ToLog toLog && node != null) {
                consensus.serve(node, toLog.message(), reply -> replies.send(correlationId, reply));
            } else {
                answer(correlationId, request);
            }
        }

        private void answer(long correlationId, Request request) {
            inFlight.incrementAndGet();
            try {
                serve(request, reply -> {
                    inFlight.decrementAndGet();
                    replies.send(correlationId, reply);
                });
            } catch (RuntimeException failure) {
                // Nothing fails once it has answered, so its place is still taken.
                inFlight.decrementAndGet();
                throw failure;
            }
        }

        private void serve(Request request, Consumer<Reply> reply) {
            if (request instanceof Request.ToShard toShard) {
                shards.serve(toShard, this, reply);
            } else if (request instanceof Request.ListCaches) {
                control.list(reply);
            } else if (request instanceof Request.DescribeReplicas) {
                reply.accept(new Reply.Replicas(replicas.get()));
            } else if (request instanceof Request.RecoverReplica recover) {
                consensus.recover(recover.group(), recover.term(), recover.stands(), reply);
            } else if (request instanceof Request.CreateCache
                    || request instanceof Request.AlterCache
                    || request instanceof Request.DestroyCache) {
                control.propose(request, reply);
            } else if (request instanceof Request.PassOn passOn && mayBePassedOn(passOn.request())) {
                peers.ask(
                        passOn.to(),
                        passOn.request(),
                        answer -> reply.accept(
                                answer != null
                                        ? answer
                                        : Reply.Refused.of(
                                                Status.INDETERMINATE,
                                                "Node " + passOn.to()
                                                        + " was asked through another one and has not answered that either")));
            } else {
                reply.accept(Reply.Refused.of(Status.INVALID, "Not a request for a node: " + request));
            }
        }

        private static boolean mayBePassedOn(Request request) {
            return (request instanceof Request.ToShard && !(request instanceof Request.Subscribe))
                    || request instanceof Request.RenewLeases
                    || request instanceof Request.ListCaches
                    || request instanceof Request.CreateCache
                    || request instanceof Request.AlterCache
                    || request instanceof Request.DestroyCache;
        }

        private Reply confirmed(Request.ConfirmTerms confirm) {
            return new Reply.TermsConfirmed(confirm.terms().stream()
                    .map(asked -> currentTerm(asked.group()) == asked.term())
                    .toList());
        }

        private long currentTerm(int group) {
            ShardReplica replica = shards.replica(group);
            if (replica != null) {
                return replica.standing().term();
            }
            return group == Consensus.CONTROL ? control.standing().term() : NO_TERM;
        }

        private void subscribe(long correlationId, Request.Subscribe request) {
            if (subscriptions.size() >= maxInFlight) {
                replies.send(correlationId, new Reply.Refused(Status.BUSY, "Too many subscriptions", 100, null));
                return;
            }
            Runnable notBegun = () -> {};
            subscriptions.put(correlationId, notBegun);
            shards.subscribe(
                    request,
                    reply -> push(correlationId, reply),
                    () -> subscriptions.containsKey(correlationId),
                    end -> {
                        if (!subscriptions.replace(correlationId, notBegun, end)) {
                            end.run();
                        }
                    });
        }

        /** A peer that does not read its changes fast enough loses its subscription, not our memory. */
        private void push(long correlationId, Reply reply) {
            if (reply instanceof Reply.Refused || reply instanceof Reply.Gap) {
                end(correlationId);
                replies.send(correlationId, reply);
            } else if (replies.isWritable()) {
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
        public boolean isConnected() {
            return !closed;
        }

        @Override
        public void closed() {
            closed = true;
            subscriptions.keySet().forEach(this::end);
            shards.disconnected(this);
        }
    }
}
