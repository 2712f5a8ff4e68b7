package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.transport.RaftMessages;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Keeps a member's questions for checkpoints until they are released; all else passes. Thread-safe. */
final class PausedCheckpoints {

    private final List<Runnable> held = new ArrayList<>();
    private boolean released;

    /** Returns whether one was asked. */
    synchronized boolean any() {
        return !held.isEmpty();
    }

    /** Has all of them sent, and from now on at once. */
    void release() {
        List<Runnable> all;
        synchronized (this) {
            released = true;
            all = List.copyOf(held);
        }
        all.forEach(Runnable::run);
    }

    private long send(Link link, Request request, Link.ReplyHandler handler) {
        return holds(request, () -> link.send(request, handler)) ? 0 : link.send(request, handler);
    }

    private synchronized boolean holds(Request request, Runnable send) {
        boolean holds = isAboutACheckpoint(request) && !released;
        if (holds) {
            held.add(send);
        }
        return holds;
    }

    private static boolean isAboutACheckpoint(Request request) {
        try {
            return request instanceof Request.ToLog toLog
                    && RaftMessages.kind(toLog.message()) == RaftMessages.Kind.CHECKPOINT;
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    /** Returns the links that a member is to send by. */
    Links on(Links links) {
        return new Links() {
            @Override
            public Link to(Member member) {
                return new InterceptedLink(links.to(member), PausedCheckpoints.this::send);
            }

            @Override
            public void close() {
                links.close();
            }
        };
    }
}
