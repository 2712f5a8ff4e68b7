package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;

/** The server behind a listener: the node's side of a {@link Link}. Thread-safe. */
public interface RequestServer {

    /** A peer has connected and shaken hands. */
    Connection connect(Identity peer, Replies replies);

    /** The server's end of one connection. Calls come from one thread, in the order of the peer's requests. */
    interface Connection {

        /**
         * Serves a request without blocking; replies go to {@link Replies} under the same correlation id, from any
         * thread, in any order.
         */
        void serve(long correlationId, Request request);

        /** The peer is gone: its subscriptions end, and the leases that it has asked for. */
        void closed();
    }

    /** Takes replies back to the peer. Thread-safe. */
    interface Replies {

        void send(long correlationId, Reply reply);

        /** False while more is waiting to be written than a peer may leave unread. */
        boolean isWritable();
    }
}
