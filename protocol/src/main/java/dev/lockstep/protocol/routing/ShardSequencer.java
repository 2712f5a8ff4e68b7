package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.RequestId;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * Gives out the request ids of a session's writes to one shard, and bounds how many are outstanding. Thread-safe; the lock
 * guards all fields and is never held while callers are told.
 */
final class ShardSequencer {

    static final int MAX_OUTSTANDING = 1_024;
    static final int MAX_WAITING = 65_536;

    private final long sessionHigh;
    private final long sessionLow;
    private final TreeSet<Long> outstanding = new TreeSet<>();
    private final Queue<CompletableFuture<RequestId>> waiting = new ArrayDeque<>();
    private long next = 1;

    ShardSequencer(Entropy entropy) {
        this.sessionHigh = entropy.nextLong();
        this.sessionLow = entropy.nextLong();
    }

    /** The next id, at once or when another write has ended; null when too many wait already. */
    @org.jspecify.annotations.Nullable
    synchronized CompletableFuture<RequestId> acquire() {
        if (outstanding.size() < MAX_OUTSTANDING) {
            return CompletableFuture.completedFuture(take());
        }
        if (waiting.size() >= MAX_WAITING) {
            return null;
        }
        CompletableFuture<RequestId> later = new CompletableFuture<>();
        waiting.add(later);
        return later;
    }

    /** The write has been answered, or given up: nobody will ask for its outcome again. */
    void release(RequestId id) {
        CompletableFuture<RequestId> successor;
        RequestId successorId;
        synchronized (this) {
            outstanding.remove(id.sequence());
            successor = waiting.poll();
            successorId = successor == null ? id : take();
        }
        if (successor != null) {
            successor.complete(successorId);
        }
    }

    private RequestId take() {
        long sequence = next++;
        outstanding.add(sequence);
        return new RequestId(sessionHigh, sessionLow, sequence, outstanding.first());
    }
}
