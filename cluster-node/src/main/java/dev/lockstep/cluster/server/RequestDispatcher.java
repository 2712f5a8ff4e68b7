package dev.lockstep.cluster.server;

import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.control.ControlGroup;
import dev.lockstep.cluster.rates.RateLimits;
import dev.lockstep.cluster.server.Authorization.Access;
import dev.lockstep.cluster.shard.Caller;
import dev.lockstep.cluster.shard.ShardHost;
import dev.lockstep.cluster.shard.ShardReplica;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Admits requests, hands each to the handler of its type, and sends the replies back; decides nothing. Thread-safe. */
public final class RequestDispatcher implements RequestServer {

    private static final Logger LOG = LoggerFactory.getLogger(RequestDispatcher.class);

    private static final long NO_TERM = -1;

    private final Consensus consensus;
    private final ControlGroup control;
    private final ShardHost shards;
    private final Gateway gateway;
    private final Time time;
    private final Description description;
    private final int maxInFlight;
    private final KeySamples keys;
    private final Authorization authorization;
    private final AuditLog audit;
    private final RequestObserver observer;
    private final RateLimits rates;
    private final Set<Peer> connected = ConcurrentHashMap.newKeySet();
    private final LongAdder busy = new LongAdder();
    private final LongAdder forbidden = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder slow = new LongAdder();
    private final Map<Class<? extends Request>, Handler<Request>> handlers = new HashMap<>();

    /** The node itself: its account of the cluster and of its replicas, and what others have it do with them. */
    public interface Description {

        /** Returns the cluster as this node sees it. */
        ClusterView view();

        /** Opens a replica that is to be staged. */
        void open(Request.OpenReplica request, Consumer<Reply> reply);

        /** Returns which version of Lockstep this node runs, and which versions of a cluster it can do. */
        Reply.Versions versions();

        /** Tells what this node knows of itself, within two seconds. */
        void facts(boolean triesDisk, Consumer<List<Reply.NodeFacts.Fact>> told);

        /** Returns the values of this node's meters; null if it does not measure. */
        @Nullable
        String meters();

        /** Tells of the node's process, or records what it does. */
        void serve(Request.OfProcess request, Consumer<Reply> reply);

        /** Returns how full its memory is. */
        Reply.Memory memory();

        /** Returns the states of this node's replicas. */
        List<ReplicaStatus> replicas();
    }

    /**
     * @param gateway passes requests on to other nodes
     * @param audit takes who changes what, and who is refused
     * @param observer sees what is asked of shards, and what is passed on
     * @param rates that clients are held to
     * @param maxInFlight requests of one connection that may be in flight
     */
    public RequestDispatcher(
            Consensus consensus,
            ControlGroup control,
            ShardHost shards,
            Gateway gateway,
            Time time,
            Description description,
            AuditLog audit,
            RequestObserver observer,
            RateLimits rates,
            int maxInFlight) {
        this.consensus = consensus;
        this.control = control;
        this.shards = shards;
        this.gateway = gateway;
        this.time = time;
        this.description = description;
        this.maxInFlight = maxInFlight;
        this.audit = audit;
        this.observer = observer;
        this.rates = rates;
        this.authorization = new Authorization(control::access, control);
        this.keys = new KeySamples(time);
        addHandlers();
    }

    /** Each type of request has its handler here, but for the handshake, which is the transport's. */
    private void addHandlers() {
        for (Class<? extends Request.ToShard> type : ShardHost.served()) {
            later(type, (request, caller, reply) -> {
                keys.see(request);
                shards.serve(request, caller, observer.served(request, reply));
            });
        }
        atOnce(
                Request.Subscribe.class,
                (subscribe, peer, id) -> peer.subscriptions.subscribe(id, subscribe, shards::subscribe));
        atOnce(Request.Unsubscribe.class, (unsubscribe, peer, id) -> peer.unsubscribe(id, unsubscribe));
        atOnce(Request.ToLog.class, (toLog, peer, id) -> peer.toLog(id, toLog));
        replying(Request.RenewLeases.class, renewal -> {
            shards.renew(renewal);
            return new Reply.Done();
        });
        replying(Request.DescribeCluster.class, describe -> new Reply.Cluster(description.view()));
        replying(Request.ConfirmTerms.class, this::confirmed);
        replying(Request.ReadClock.class, read -> new Reply.Clock(Math.max(0, time.millis()), shards.logTimes()));
        later(Request.ListCaches.class, (list, caller, reply) -> control.list(reply));
        later(Request.CreateCache.class, (create, caller, reply) -> control.propose(create, reply));
        later(Request.AlterCache.class, (alter, caller, reply) -> control.propose(alter, reply));
        later(Request.DestroyCache.class, (destroy, caller, reply) -> control.propose(destroy, reply));
        later(Request.DescribeAccess.class, (describe, caller, reply) -> control.describeAccess(reply));
        later(Request.ChangeAccess.class, (change, caller, reply) -> control.propose(change, reply));
        later(Request.DescribeDrained.class, (describe, caller, reply) -> control.describeDrained(reply));
        later(Request.DrainNode.class, (drain, caller, reply) -> control.propose(drain, reply));
        later(Request.AddNode.class, (add, caller, reply) -> control.change(add, reply));
        later(Request.RemoveNode.class, (remove, caller, reply) -> control.change(remove, reply));
        later(Request.MoveReplica.class, (move, caller, reply) -> control.change(move, reply));
        later(Request.RaiseVersion.class, (raise, caller, reply) -> control.raise(raise, reply));
        replying(Request.ReadMemory.class, read -> description.memory());
        replying(Request.DescribeVersions.class, describe -> description.versions());
        later(
                Request.DescribeNode.class,
                (describe, caller, reply) ->
                        description.facts(describe.triesDisk(), facts -> reply.accept(keys.with(facts))));
        later(Request.ReadMeters.class, (read, caller, reply) -> reply.accept(meters()));
        later(Request.Inspect.class, this::ofProcess);
        later(Request.StartRecording.class, this::ofProcess);
        later(Request.SetLogLevel.class, this::ofProcess);
        later(Request.ReadRecording.class, this::ofProcess);
        fromNodes(Request.CopyControl.class, control::copy);
        fromNodes(Request.ReplicasMoved.class, control::change);
        fromNodes(Request.OpenReplica.class, description::open);
        later(
                Request.DescribeReplicas.class,
                (describe, caller, reply) -> reply.accept(new Reply.Replicas(description.replicas())));
        later(
                Request.RecoverReplica.class,
                (recover, caller, reply) ->
                        consensus.recover(recover.group(), recover.term(), recover.electable(), reply));
        atOnce(Request.PassOn.class, (passOn, peer, id) -> peer.passOn(id, passOn));
    }

    /** Serves requests of one type, outside the bound on requests in flight. */
    private interface Handler<Q extends Request> {
        void serve(Q request, Peer peer, long correlationId);
    }

    /** Serves requests of one type with one reply, now or later, within the bound on requests in flight. */
    private interface Deferred<Q extends Request> {
        void serve(Q request, Caller caller, Consumer<Reply> reply);
    }

    private <Q extends Request> void atOnce(Class<Q> type, Handler<Q> handler) {
        handlers.put(type, (request, peer, id) -> handler.serve(type.cast(request), peer, id));
    }

    private <Q extends Request> void replying(Class<Q> type, Function<Q, Reply> handler) {
        atOnce(type, (request, peer, id) -> peer.replies.send(id, handler.apply(request)));
    }

    private <Q extends Request> void later(Class<Q> type, Deferred<? super Q> handler) {
        atOnce(type, (request, peer, id) -> peer.answer(id, request, handler));
    }

    private <Q extends Request> void fromNodes(Class<Q> type, BiConsumer<? super Q, Consumer<Reply>> handler) {
        atOnce(type, (request, peer, id) -> {
            if (peer.node == null) {
                peer.replies.send(id, notForANode(request));
            } else {
                peer.answer(id, request, (one, caller, reply) -> handler.accept(one, reply));
            }
        });
    }

    /**
     * The connections of this node and what was refused over them.
     *
     * @param connections that are open, that of the application in this JVM included
     * @param inFlight requests that wait for an answer
     * @param subscriptions that are open, streams of the changes of some caches of one shard
     * @param busy requests that were refused since too many were in flight, or subscriptions open, on their connection
     * @param forbidden requests that the peer had no right to
     * @param failed requests at which the node failed, as its log says
     * @param slow subscriptions that were ended since their changes were not read fast enough
     */
    public record Counts(
            int connections, int inFlight, int subscriptions, long busy, long forbidden, long failed, long slow) {}

    /** Returns them as they are now; for observation only, since they are counted one after another. */
    public Counts counts() {
        int inFlight = 0;
        int subscriptions = 0;
        for (Peer peer : connected) {
            inFlight += peer.inFlight.get();
            subscriptions += peer.subscriptions.size();
        }
        return new Counts(
                connected.size(), inFlight, subscriptions, busy.sum(), forbidden.sum(), failed.sum(), slow.sum());
    }

    /** The types of the requests that are answered. */
    Set<Class<? extends Request>> served() {
        return Set.copyOf(handlers.keySet());
    }

    private static Reply notForANode(Request request) {
        return Reply.Refused.of(Status.INVALID, "Not a request for a node: " + request);
    }

    private void ofProcess(Request.OfProcess request, Caller caller, Consumer<Reply> reply) {
        description.serve(request, reply);
    }

    private Reply meters() {
        String text = description.meters();
        return text == null
                ? Reply.Refused.of(
                        Status.INVALID, "This node does not measure: set node.admin in its file, and start it again")
                : new Reply.Text(text);
    }

    private Reply confirmed(Request.ConfirmTerms confirm) {
        return new Reply.TermsConfirmed(confirm.terms().stream()
                .map(asked -> currentTerm(asked.group()) == asked.term())
                .toList());
    }

    private long currentTerm(int group) {
        ShardReplica replica = shards.replica(group);
        if (replica != null) {
            return replica.leadership().term();
        }
        return group == ShardMap.CONTROL_GROUP ? control.leadership().term() : NO_TERM;
    }

    @Override
    public Connection connect(Identity peer, Replies replies) {
        Access access = authorization.of(peer);
        if (peer instanceof Identity.OfUser user) {
            audit.connected(user);
        }
        Peer connection = new Peer(peer, access, access == Access.FULL ? replies : new Visible(access, replies));
        connected.add(connection);
        return connection;
    }

    /** Replies to one that is not to see all caches. */
    private record Visible(Access access, Replies replies) implements Replies {

        @Override
        public void send(long correlationId, Reply reply) {
            replies.send(correlationId, visible(reply));
        }

        private Reply visible(Reply reply) {
            if (reply instanceof Reply.Caches caches) {
                return access.visible(caches);
            }
            return reply instanceof Reply.NodeFacts node
                    ? new Reply.NodeFacts(
                            node.facts(),
                            node.sampled(),
                            node.busiest().stream()
                                    .filter(key -> access.mayRead(List.of(key.cacheId())))
                                    .toList())
                    : reply;
        }

        @Override
        public boolean isWritable() {
            return replies.isWritable();
        }
    }

    /** One connection: its rights, what it has in flight, and what it has subscribed to. */
    private final class Peer implements Connection, Caller {

        private final Identity identity;
        private final @Nullable NodeId node;
        private final Access access;
        private final Replies replies;
        private final AtomicInteger inFlight = new AtomicInteger();
        private final PeerSubscriptions subscriptions;
        private final Gateway.Passage passage = gateway.new Passage();
        private final RateLimits.@Nullable Client client;
        private volatile boolean closed;

        Peer(Identity identity, Access access, Replies replies) {
            this.identity = identity;
            this.node = identity.node();
            this.access = access;
            this.replies = replies;
            this.client = rates.connected(identity);
            this.subscriptions = new PeerSubscriptions(access, replies, maxInFlight, busy, slow);
        }

        @Override
        public void serve(long correlationId, Request request) {
            if (inFlight.get() >= maxInFlight && !isNeverRetried(request)) {
                busy.increment();
                replies.send(
                        correlationId,
                        new Reply.Refused(Status.BUSY, maxInFlight + " requests are in flight", 10, null));
                return;
            }
            Request meant = request instanceof Request.PassOn passOn ? passOn.request() : request;
            if (client == null) {
                decide(correlationId, request, meant);
                return;
            }
            inFlight.incrementAndGet();
            client.admit(meant, refusal -> {
                inFlight.decrementAndGet();
                if (refusal == null) {
                    decide(correlationId, request, meant);
                } else {
                    replies.send(correlationId, refusal);
                }
            });
        }

        /**
         * Returns whether nobody repeats it if it is refused (a subscription would stay open, a lease in use would end), and it is answered at
         * once, so that it is not in flight.
         */
        private static boolean isNeverRetried(Request request) {
            return request instanceof Request.Unsubscribe || request instanceof Request.RenewLeases;
        }

        private void decide(long correlationId, Request request, Request meant) {
            access.decide(meant, refusal -> {
                if (refusal == null) {
                    dispatchGranted(correlationId, request);
                    return;
                }
                if (refusal.status() == Status.FORBIDDEN) {
                    forbidden.increment();
                    audit.forbidden(identity, meant);
                }
                replies.send(correlationId, refusal);
            });
        }

        private void dispatchGranted(long correlationId, Request request) {
            try {
                dispatch(correlationId, request);
            } catch (RuntimeException failure) {
                failed.increment();
                LOG.error("Request {} failed", request.getClass().getSimpleName(), failure);
                replies.send(correlationId, Reply.Refused.of(Status.INTERNAL, "The node failed: " + failure));
            }
        }

        private void dispatch(long correlationId, Request request) {
            Handler<Request> handler = handlers.get(request.getClass());
            if (handler == null) {
                replies.send(correlationId, notForANode(request));
            } else {
                handler.serve(access.restricted(request), this, correlationId);
            }
        }

        private <Q extends Request> void answer(long correlationId, Q request, Deferred<? super Q> handler) {
            inFlight.incrementAndGet();
            try {
                handler.serve(request, this, reply -> {
                    inFlight.decrementAndGet();
                    if (client != null) {
                        client.answered(request, reply);
                    }
                    if (node == null && AuditLog.isAudited(request)) {
                        audit.granted(identity, request, reply);
                    }
                    replies.send(correlationId, reply);
                });
            } catch (RuntimeException failure) {
                // Nothing fails once it has answered, so its place is still taken.
                inFlight.decrementAndGet();
                throw failure;
            }
        }

        private void unsubscribe(long correlationId, Request.Unsubscribe request) {
            subscriptions.end(request.correlationId());
            replies.send(correlationId, new Reply.Done());
        }

        private void toLog(long correlationId, Request.ToLog request) {
            if (node == null) {
                replies.send(correlationId, notForANode(request));
            } else {
                consensus.serve(node, request.message(), reply -> replies.send(correlationId, reply));
            }
        }

        private void passOn(long correlationId, Request.PassOn passOn) {
            NodeId to = passOn.to();
            if (!passOn.request().mayBePassedOn()) {
                replies.send(correlationId, notForANode(passOn));
            } else if (gateway.isSelf(to)) {
                dispatch(correlationId, passOn.request());
            } else if (passOn.request() instanceof Request.Subscribe subscribe) {
                subscriptions.subscribe(
                        correlationId,
                        subscribe,
                        (whole, told, wanted, begun) -> begun.accept(passage.send(to, whole, told)));
            } else {
                answer(
                        correlationId,
                        access.restricted(passOn.request()),
                        (request, caller, reply) -> passage.send(to, request, observer.passedOn(reply)));
            }
        }

        @Override
        public boolean isConnected() {
            return !closed;
        }

        @Override
        public void closed() {
            closed = true;
            connected.remove(this);
            if (client != null) {
                client.closed();
            }
            subscriptions.endAll();
            shards.disconnected(this);
            passage.close();
        }
    }
}
