package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.wire.Request;

/** A link that leaves the fate of each message to an interceptor. */
record InterceptedLink(Link link, Sender sender) implements Link {

    /** Sends messages on, or late, or twice, or not at all. */
    interface Sender {
        long send(Link link, Request request, ReplyHandler handler);
    }

    @Override
    public long send(Request request, ReplyHandler handler) {
        return sender.send(link, request, handler);
    }

    @Override
    public boolean isOpen() {
        return link.isOpen();
    }

    @Override
    public void close() {
        link.close();
    }
}
