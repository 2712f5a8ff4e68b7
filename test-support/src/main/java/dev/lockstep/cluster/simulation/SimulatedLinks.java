package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.NodeLinks;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.ReplyCodec;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One process' connections to the nodes. Messages are encoded and decoded, as on a wire. */
final class SimulatedLinks implements NodeLinks {

    private final World world;
    private final SimulatedNetwork network;
    private final SimulatedProcess self;
    private final @Nullable NodeId asNode;
    private final Function<Member, @Nullable SimulatedNode> nodes;
    private final Map<Member, Connection> open = new HashMap<>();
    /** Those that their users have opened for themselves. */
    private final Set<Connection> others = new LinkedHashSet<>();

    /** Longer than a node may keep a request waiting, a lease included. */
    static final long ANSWERED_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(15);

    /**
     * @param asNode the node that it is; null for a client
     * @param nodes the node at each address
     */
    SimulatedLinks(
            World world,
            SimulatedNetwork network,
            SimulatedProcess self,
            @Nullable NodeId asNode,
            Function<Member, @Nullable SimulatedNode> nodes) {
        this.world = world;
        this.network = network;
        this.self = self;
        this.asNode = asNode;
        this.nodes = nodes;
    }

    @Override
    public Link to(Member member) {
        Connection known = open.get(member);
        if (known != null && known.isOpen()) {
            return known;
        }
        Connection made = new Connection(member, nodes.apply(member));
        open.put(member, made);
        return made;
    }

    @Override
    public Link open(Member member) {
        Connection made = new Connection(member, nodes.apply(member));
        others.add(made);
        return made;
    }

    SimulatedProcess process() {
        return self;
    }

    /** Breaks all connections, wherever what is in flight may be. */
    void cut() {
        all().forEach(connection -> connection.end("cut"));
    }

    private List<Connection> all() {
        return Stream.concat(open.values().stream(), others.stream()).toList();
    }

    @Override
    public void close() {
        all().forEach(Connection::close);
    }

    /** A connection, both ends of it. */
    private final class Connection implements Link, RequestServer.Replies {

        private final Member member;
        private final @Nullable SimulatedNode node;
        private final SimulatedNetwork.@Nullable Stream up;
        private final SimulatedNetwork.@Nullable Stream down;
        private final Map<Long, ReplyHandler> outstanding = new LinkedHashMap<>();
        private final Map<Long, ReplyHandler> subscriptions = new LinkedHashMap<>();
        /** The requests that the node has received and not answered. */
        private final Set<Long> unanswered = new HashSet<>();

        private RequestServer.@Nullable Connection served;
        private long correlations;
        private boolean ended;

        Connection(Member member, @Nullable SimulatedNode node) {
            this.member = member;
            this.node = node != null && node.process().isAlive() ? node : null;
            if (this.node == null) {
                up = null;
                down = null;
                return;
            }
            up = network.stream(self, node.process());
            down = network.stream(node.process(), self);
            node.process().onKill(() -> {
                // Also if the client has given it up before: what is still held back would reach the node's next life.
                up.close();
                end("the node is gone");
            });
            self.onKill(() -> end("the client is gone"));
            up.send(() -> served = node.server()
                    .connect(asNode == null ? new Identity.Unproven("a client") : new Identity.OfNode(asNode), this));
        }

        @Override
        public long send(Request request, ReplyHandler handler) {
            long correlation = ++correlations;
            if (node == null || ended) {
                world.after(
                        world.micros(50, 500),
                        self,
                        () -> handler.failed(false, new IOException("no way to " + member)));
                ended = true;
                return correlation;
            }
            if (request.isStream()) {
                subscriptions.put(correlation, handler);
            } else {
                outstanding.put(correlation, handler);
            }
            if (request instanceof Request.Unsubscribe unsubscribe) {
                subscriptions.remove(unsubscribe.correlationId());
            }
            WireWriter out = new WireWriter(64);
            RequestCodec.write(out, request);
            byte[] bytes = out.toByteArray();
            up.send(() -> serve(correlation, RequestCodec.read(new WireReader(bytes))));
            return correlation;
        }

        /** The node's end: it has no more requests in flight than it may, and each is answered some day. */
        private void serve(long correlation, Request request) {
            if (!request.isStream()) {
                unanswered.add(correlation);
                world.after(ANSWERED_WITHIN_NANOS, node.process(), () -> {
                    if (unanswered.contains(correlation)) {
                        world.fail(node.process() + " does not answer " + self + ": " + request, null);
                    }
                });
            }
            node.asked(request);
            served.serve(correlation, request);
            if (unanswered.size() > node.maxInFlight()) {
                world.fail(node.process() + " has " + unanswered.size() + " requests of " + self + " in flight", null);
            }
        }

        /** The node's end. */
        @Override
        public void send(long correlationId, Reply reply) {
            unanswered.remove(correlationId);
            WireWriter out = new WireWriter(64);
            ReplyCodec.write(out, reply);
            byte[] bytes = out.toByteArray();
            down.send(() -> {
                ReplyHandler once = outstanding.remove(correlationId);
                ReplyHandler handler = once == null ? subscriptions.get(correlationId) : once;
                if (handler != null) {
                    handler.reply(ReplyCodec.read(new WireReader(bytes)));
                }
            });
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public boolean isOpen() {
            return !ended;
        }

        /** Breaks the connection: both ends notice a little later, if they still are. */
        private void end(String why) {
            if (ended) {
                return;
            }
            ended = true;
            others.remove(this);
            down.close();
            List<ReplyHandler> lost = new ArrayList<>(outstanding.values());
            lost.addAll(subscriptions.values());
            outstanding.clear();
            subscriptions.clear();
            if (!node.process().isAlive()) {
                up.close();
            } else if (world.chance(0.5)) {
                // What was sent before arrives all the same, perhaps long after it was given up.
                up.finish(this::closed);
            } else {
                up.close();
                world.after(world.micros(50, 2_000), node.process(), this::closed);
            }
            if (self.isAlive()) {
                world.after(
                        world.micros(50, 2_000),
                        self,
                        () -> lost.forEach(handler -> handler.failed(
                                true, new IOException("the connection to " + member + " broke: " + why))));
            }
        }

        private void closed() {
            if (served != null) {
                served.closed();
            }
        }

        @Override
        public void close() {
            if (node != null) {
                end("closed");
            }
        }
    }
}
