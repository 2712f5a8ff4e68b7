package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.link.ConnectionRefusedException;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.server.impl.CallerAppliedUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one peer, shared by all groups. Heartbeats that are offered leave together with the next {@link #tick}.
 * After a failure it rests, longer each time, so that a peer that is down is not run at. Thread-safe; never blocks.
 */
final class PeerChannel {

    private static final Logger LOG = LoggerFactory.getLogger(PeerChannel.class);
    private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int MAX_DOUBLINGS = 5;

    private final Links links;
    private final Time time;
    private final Runnable refused;
    private final Queue<Heartbeat> heartbeats = new ConcurrentLinkedQueue<>();
    private volatile Member member;
    private volatile int failures;
    private volatile long restsUntilNanos;
    private volatile boolean isRefused;
    private volatile @Nullable Link last;

    /** @param answer told once, on any thread: null when there will be none */
    private record Heartbeat(AppendEntriesRequestProto request, Consumer<@Nullable AppendEntriesReplyProto> answer) {}

    /**
     * @param refused told, on any thread, each time that the peer's machine refuses a connection, since no process
     * listens there; must not block
     */
    PeerChannel(Links links, Member member, Time time, Runnable refused) {
        this.links = links;
        this.member = member;
        this.time = time;
        this.refused = refused;
        this.restsUntilNanos = time.nanos();
    }

    /** Connects to another address from now on, at once, if that is where the peer is. */
    synchronized void moveTo(Member now) {
        if (!now.equals(member)) {
            member = now;
            failures = 0;
        }
    }

    /** Tells whether it is backing off after a failure. */
    boolean isResting() {
        return failures > 0 && restsUntilNanos - time.nanos() > 0;
    }

    /** @param answer told once, on any thread: null when there will be none */
    void append(AppendEntriesRequestProto request, Consumer<@Nullable AppendEntriesReplyProto> answer) {
        send(List.of(new Heartbeat(request, answer)));
    }

    /** Sends a heartbeat as {@link #append} does, together with the next heartbeats of all groups. */
    void offer(AppendEntriesRequestProto heartbeat, Consumer<@Nullable AppendEntriesReplyProto> answer) {
        heartbeats.add(new Heartbeat(heartbeat, answer));
    }

    /** Tells whether the peer refused the last connection. */
    boolean isRefused() {
        return isRefused;
    }

    /**
     * Sends the heartbeats that were offered, and connects again, so that it is soon known whether the peer is there;
     * called regularly.
     */
    void tick() {
        sendHeartbeats();
        Link link = last;
        if (!isResting() && (link == null || !link.isOpen())) {
            send(List.of());
        }
    }

    /** Sends the heartbeats that were offered, as many in one message as may be. */
    private void sendHeartbeats() {
        List<Heartbeat> together = new ArrayList<>();
        for (Heartbeat next = heartbeats.poll(); next != null; next = heartbeats.poll()) {
            together.add(next);
            if (together.size() == RaftMessages.MAX_TOGETHER) {
                send(together);
                together = new ArrayList<>();
            }
        }
        if (!together.isEmpty()) {
            send(together);
        }
    }

    private void send(List<Heartbeat> appends) {
        List<AppendEntriesRequestProto> requests = new ArrayList<>(appends.size());
        for (Heartbeat append : appends) {
            requests.add(append.request());
        }
        Bytes message = RaftMessages.of(RaftMessages.Kind.APPENDS, requests);
        send(message, (answer, failure) -> {
            List<@Nullable AppendEntriesReplyProto> replies = replies(answer, appends.size());
            CallerAppliedUpdater.applyAfter(() -> {
                for (int i = 0; i < appends.size(); i++) {
                    appends.get(i).answer().accept(replies == null ? null : replies.get(i));
                }
            });
        });
    }

    private static @Nullable List<@Nullable AppendEntriesReplyProto> replies(@Nullable Bytes answer, int expected) {
        try {
            return answer == null ? null : RaftMessages.answers(answer, expected);
        } catch (IOException malformed) {
            return null;
        }
    }

    /** Takes what comes of a message: one of both is null. */
    interface AnswerHandler {
        void done(@Nullable Bytes answer, @Nullable Throwable failure);
    }

    /** @param handler told once, on any thread; must not block */
    void send(Bytes message, AnswerHandler handler) {
        Link link = links.to(member);
        last = link;
        link.send(new Request.ToLog(message), new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                if (failures > 0) {
                    answered();
                }
                if (reply instanceof Reply.FromLog fromLog) {
                    handler.done(fromLog.message(), null);
                } else {
                    handler.done(null, new IOException("Node " + member + " answered " + reply));
                }
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                rest(cause);
                handler.done(null, cause);
                if (cause instanceof ConnectionRefusedException) {
                    refused.run();
                }
            }
        });
    }

    private synchronized void answered() {
        if (failures > 0) {
            failures = 0;
            isRefused = false;
            LOG.info("Node {} is reachable again", member);
        }
    }

    /** Backs off once for all that was in flight and failed at once. */
    private synchronized void rest(Throwable cause) {
        isRefused = cause instanceof ConnectionRefusedException;
        if (failures == 0) {
            LOG.warn("Node {} can't be reached: {}", member, String.valueOf(cause.getMessage()));
        }
        if (!isResting()) {
            restsUntilNanos = time.nanos() + (SHORTEST_REST_NANOS << Math.min(failures, MAX_DOUBLINGS));
            failures++;
        }
    }
}
