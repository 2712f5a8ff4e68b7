package dev.lockstep.cluster.node;

import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.RequestServer;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A link to a node in the same JVM: a call, without a wire. Thread-safe. */
public final class LocalLink implements Link, RequestServer.Replies {

    private final RequestServer.Connection connection;
    private final AtomicLong correlations = new AtomicLong();
    private final Map<Long, ReplyHandler> streams = new ConcurrentHashMap<>();
    private final Map<Long, ReplyHandler> outstanding = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public LocalLink(RequestServer server) {
        this.connection = server.connect(null, this);
    }

    @Override
    public long send(Request request, ReplyHandler handler) {
        long correlation = correlations.incrementAndGet();
        if (closed) {
            handler.failed(false, new IOException("The node in this JVM is closed"));
            return correlation;
        }
        (request instanceof Request.Subscribe ? streams : outstanding).put(correlation, handler);
        if (request instanceof Request.Unsubscribe unsubscribe) {
            streams.remove(unsubscribe.correlationId());
        }
        connection.serve(correlation, request);
        return correlation;
    }

    @Override
    public void send(long correlationId, Reply reply) {
        ReplyHandler once = outstanding.remove(correlationId);
        ReplyHandler handler = once == null ? streams.get(correlationId) : once;
        if (handler != null) {
            handler.reply(reply);
        }
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        closed = true;
        connection.closed();
        outstanding.keySet().forEach(correlation -> {
            ReplyHandler handler = outstanding.remove(correlation);
            if (handler != null) {
                handler.failed(true, new IOException("The node in this JVM was closed"));
            }
        });
    }
}
