package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;

/** A way to one node: a connection over TCP, or a call inside the JVM. Thread-safe. */
public interface Link extends AutoCloseable {

    /**
     * Sends a request. {@code handler} is called once, or for {@link Request.Subscribe} many times, on the link's own
     * thread or on the caller's, and must not block.
     *
     * @return the correlation id, by which a subscription is ended on this link
     */
    long send(Request request, ReplyHandler handler);

    /** Tells whether the link can take requests; a closed link never opens again. */
    boolean isOpen();

    /** Fails what is waiting. Idempotent. */
    @Override
    void close();

    /** Takes what comes of a request. */
    interface ReplyHandler {

        /** Ignores replies and failures. */
        ReplyHandler IGNORED = new ReplyHandler() {
            @Override
            public void reply(Reply reply) {}

            @Override
            public void failed(boolean sent, Throwable cause) {}
        };

        void reply(Reply reply);

        /**
         * Reports that there will be no (further) reply.
         *
         * @param sent false when the request certainly never left; true when the node may have carried it out
         */
        void failed(boolean sent, Throwable cause);
    }
}
