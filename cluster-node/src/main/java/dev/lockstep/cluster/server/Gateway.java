package dev.lockstep.cluster.server;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Passes requests of clients on to the nodes that are to answer them, and counts them. Thread-safe. */
public final class Gateway {

    private final NodeId self;
    private final Function<NodeId, @Nullable Link> opening;
    private final LongAdder total = new LongAdder();
    private final LongAdder unreachable = new LongAdder();
    private final LongAdder unanswered = new LongAdder();
    private final LongAdder pending = new LongAdder();

    /**
     * @param opening opens a link to another member, which the gateway closes; null if there is no such member
     */
    public Gateway(NodeId self, Function<NodeId, @Nullable Link> opening) {
        this.self = self;
        this.opening = opening;
    }

    /**
     * The requests that were passed on since the node was started.
     *
     * @param unreachable those that could not be sent
     * @param unanswered those that were sent, and whose answer will not come
     * @param pending those that wait for an answer, and subscriptions
     */
    public record Counts(long total, long unreachable, long unanswered, long pending) {}

    /** Returns what was passed on until now. */
    public Counts counts() {
        return new Counts(total.sum(), unreachable.sum(), unanswered.sum(), pending.sum());
    }

    boolean isSelf(NodeId node) {
        return node.equals(self);
    }

    /**
     * The way of the requests that came over one connection. It has links of its own to the other nodes, so that the leases and
     * subscriptions that the client has there end with its connection. The lock guards the links; nothing is sent under it.
     */
    final class Passage {

        private final Map<NodeId, Link> links = new HashMap<>();
        private boolean closed;

        /**
         * Passes a request on without waiting.
         *
         * @param replies takes the other node's replies, or a refusal when there is none
         * @return ends the request if it is a subscription
         */
        Runnable send(NodeId node, Request request, Consumer<Reply> replies) {
            total.increment();
            Link link = to(node);
            if (link == null) {
                unreachable.increment();
                replies.accept(Reply.Refused.of(
                        Status.UNREACHABLE,
                        "Node " + self + " knows no member " + node + " to pass the request on to"));
                return () -> {};
            }
            Passed passed = new Passed(node, request.isStream(), replies);
            long correlation = link.send(request, passed);
            return () -> {
                passed.isOver();
                if (link.isOpen()) {
                    link.send(new Request.Unsubscribe(correlation), Link.ReplyHandler.IGNORED);
                }
            };
        }

        private synchronized @Nullable Link to(NodeId node) {
            Link known = links.get(node);
            if (closed || (known != null && known.isOpen())) {
                return known;
            }
            Link opened = opening.apply(node);
            if (opened != null) {
                links.put(node, opened);
            }
            return opened;
        }

        void close() {
            List<Link> last;
            synchronized (this) {
                closed = true;
                last = List.copyOf(links.values());
            }
            last.forEach(Link::close);
        }
    }

    /** A request that was passed on, until its last reply. */
    private final class Passed implements Link.ReplyHandler {

        private final NodeId node;
        private final boolean stream;
        private final Consumer<Reply> replies;
        private final AtomicBoolean over = new AtomicBoolean();

        Passed(NodeId node, boolean stream, Consumer<Reply> replies) {
            this.node = node;
            this.stream = stream;
            this.replies = replies;
            pending.increment();
        }

        /** Counts it as pending no more; answers whether that is news. */
        boolean isOver() {
            boolean news = over.compareAndSet(false, true);
            if (news) {
                pending.decrement();
            }
            return news;
        }

        @Override
        public void reply(Reply reply) {
            if (!stream || reply instanceof Reply.Refused) {
                isOver();
            }
            replies.accept(reply);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            if (isOver()) {
                (sent ? unanswered : unreachable).increment();
            }
            replies.accept(Reply.Refused.of(
                    sent ? Status.INDETERMINATE : Status.UNREACHABLE,
                    "Node " + self + " was to pass the request on to node " + node + ", which "
                            + (sent ? "has not answered: " : "can't be reached: ") + cause.getMessage()));
        }
    }
}
