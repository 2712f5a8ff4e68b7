package dev.lockstep.cluster.server;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Other nodes whose answers a test decides, and the links that are opened to them. Not thread-safe. */
final class ScriptedNodes implements Function<NodeId, @Nullable Link> {

    private final Set<NodeId> nodes;
    private final List<Opened> links = new ArrayList<>();
    private final List<Sent> sent = new ArrayList<>();

    ScriptedNodes(Set<NodeId> nodes) {
        this.nodes = nodes;
    }

    /** A request that was sent to a node. */
    record Sent(NodeId to, Request request, long correlationId, Link.ReplyHandler handler) {

        void answer(Reply reply) {
            handler.reply(reply);
        }
    }

    @Override
    public @Nullable Link apply(NodeId node) {
        if (!nodes.contains(node)) {
            return null;
        }
        Opened link = new Opened(node);
        links.add(link);
        return link;
    }

    /** The requests in the order in which they were sent. */
    List<Sent> sent() {
        return List.copyOf(sent);
    }

    Sent last() {
        return sent.get(sent.size() - 1);
    }

    List<Request> requests() {
        return sent.stream().map(Sent::request).toList();
    }

    /** The links in the order in which they were opened. */
    List<Opened> links() {
        return List.copyOf(links);
    }

    /** A link, until it is closed. */
    final class Opened implements Link {

        private final NodeId node;
        private boolean open = true;

        Opened(NodeId node) {
            this.node = node;
        }

        @Override
        public long send(Request request, ReplyHandler handler) {
            long correlation = 100L + sent.size();
            sent.add(new Sent(node, request, correlation, handler));
            return correlation;
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
