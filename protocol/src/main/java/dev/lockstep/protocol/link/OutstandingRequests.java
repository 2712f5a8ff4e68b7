package dev.lockstep.protocol.link;

import dev.lockstep.protocol.link.Link.ReplyHandler;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests of one link that wait for an answer, and the subscriptions that are open on it, until they end: by their
 * last reply, by an {@link Request.Unsubscribe}, or with the link. Replies and the end of the link may come at once,
 * from different threads: the thread that takes a request out of the table completes it, so each is completed once.
 * Thread-safe, lock-free.
 */
public final class OutstandingRequests {

    private static final Logger LOG = LoggerFactory.getLogger(OutstandingRequests.class);

    private final Map<Long, Waiting> table = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param stream whether more than one reply may come */
    private record Waiting(ReplyHandler handler, boolean stream) {}

    /**
     * Adds a request, of which {@code handler} is told what comes. A subscription that the request ends is told
     * nothing more.
     *
     * @return false when the link is closed: then the handler is not called
     */
    public boolean add(long correlation, Request request, ReplyHandler handler) {
        if (request instanceof Request.Unsubscribe unsubscribe) {
            table.remove(unsubscribe.correlationId());
        }
        table.put(correlation, new Waiting(handler, request.isStream()));
        // Put first, asked second: the closing thread closes first and looks into the table second.
        return !closed || table.remove(correlation) == null;
    }

    /** A reply has come; its request may have been given up. */
    public void answer(long correlation, Reply reply) {
        Waiting waiting = table.get(correlation);
        boolean further = waiting != null && waiting.stream() && !(reply instanceof Reply.Refused);
        if (waiting != null && (further || table.remove(correlation) != null)) {
            tell(() -> waiting.handler().reply(reply));
        }
    }

    /** Refuses all requests from now on. */
    public void close() {
        closed = true;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Fails all that wait, after {@link #close}. */
    public void failAll(boolean sent, Throwable cause) {
        for (Long correlation : table.keySet()) {
            Waiting lost = table.remove(correlation);
            if (lost != null) {
                tell(() -> lost.handler().failed(sent, cause));
            }
        }
    }

    /** A handler that fails must neither keep others from being called nor end the connection that all share. */
    private static void tell(Runnable handler) {
        try {
            handler.run();
        } catch (RuntimeException failure) {
            LOG.error("Reply handler threw", failure);
        }
    }

    /** Requests without an answer, and subscriptions. */
    public int size() {
        return table.size();
    }
}
