package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.OutstandingRequests;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/** A link to a node in the same JVM: a call, without a wire. Thread-safe. */
public final class LocalLink implements Link, RequestServer.Replies {

    private final RequestServer.Connection connection;
    private final AtomicLong correlations = new AtomicLong();
    private final OutstandingRequests outstanding = new OutstandingRequests();

    public LocalLink(RequestServer server) {
        this.connection = server.connect(new Identity.InThisJvm(), this);
    }

    @Override
    public long send(Request request, ReplyHandler handler) {
        long correlation = correlations.incrementAndGet();
        if (outstanding.isClosed() || !outstanding.add(correlation, request, handler)) {
            handler.failed(false, new IOException("The node in this JVM is closed"));
        } else {
            connection.serve(correlation, request);
        }
        return correlation;
    }

    @Override
    public void send(long correlationId, Reply reply) {
        outstanding.answer(correlationId, reply);
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public boolean isOpen() {
        return !outstanding.isClosed();
    }

    @Override
    public void close() {
        outstanding.close();
        connection.closed();
        outstanding.failAll(true, new IOException("The node in this JVM was closed"));
    }
}
