package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.runtime.HeapShare;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.util.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * The appends in flight to a follower, in rounds: what was sent in an earlier one is not waited for any more. Not
 * thread-safe: used by the thread that works for the {@link FollowerAppender}.
 */
final class InFlightWindow {

    private static final int MAX_APPENDS = 8;
    private static final int MAX_HEARTBEATS = 8;
    /** A follower's log takes more than this before an appending thread has to wait. */
    private static final long MAX_BYTES = HeapShare.atMost(8 << 20, 64);

    private final Deque<Sent> appends = new ArrayDeque<>();
    private final Deque<Sent> heartbeats = new ArrayDeque<>();
    private long bytes;
    private long round;

    /**
     * A message that is in flight.
     *
     * @param first index of the first entry; -1 for a heartbeat
     * @param at when it was sent, as Ratis' leader wants to know it
     */
    record Sent(long round, long first, long bytes, long nanos, Timestamp at) {
        boolean isHeartbeat() {
            return first < 0;
        }
    }

    boolean takesAppend() {
        return appends.size() < MAX_APPENDS && bytes < MAX_BYTES;
    }

    boolean takesHeartbeat() {
        return heartbeats.size() < MAX_HEARTBEATS;
    }

    /** Notes a message that is about to be sent. */
    Sent add(AppendEntriesRequestProto request, long nanos) {
        long first = request.getEntriesCount() == 0 ? -1 : request.getEntries(0).getIndex();
        Sent sent = new Sent(round, first, request.getSerializedSize(), nanos, Timestamp.currentTime());
        if (sent.isHeartbeat()) {
            heartbeats.add(sent);
        } else {
            appends.add(sent);
            bytes += sent.bytes();
        }
        return sent;
    }

    /** Removes an append that was answered, or will not be. */
    void ended(Sent sent) {
        if (sent.isHeartbeat()) {
            heartbeats.remove(sent);
        } else if (appends.remove(sent)) {
            bytes -= sent.bytes();
        }
    }

    boolean isOfThisRound(Sent sent) {
        return sent.round() == round;
    }

    /** The oldest append, if it was sent before then; null if there is none. A heartbeat that old is given up. */
    @Nullable
    Sent sentBefore(long nanos) {
        Sent append = appends.peek();
        if (append != null && append.nanos() - nanos < 0) {
            return append;
        }
        Sent heartbeat = heartbeats.peek();
        if (heartbeat != null && heartbeat.nanos() - nanos < 0) {
            heartbeats.remove();
        }
        return null;
    }

    void nextRound() {
        round++;
        appends.clear();
        heartbeats.clear();
        bytes = 0;
    }
}
