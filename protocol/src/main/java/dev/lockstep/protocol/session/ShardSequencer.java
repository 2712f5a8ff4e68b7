package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Gives out the request ids of a session's writes to one shard, and bounds how many are outstanding and how many wait.
 * Thread-safe; the lock guards all fields and is never held while callers are told.
 */
final class ShardSequencer {

    static final int MAX_OUTSTANDING = 1_024;
    static final int MAX_WAITING = 65_536;

    private final EventLoop loop;
    private final int maxOutstanding;
    private final long sessionHigh;
    private final long sessionLow;
    /** In the order in which they were given out. */
    private final LinkedHashSet<Long> outstanding = new LinkedHashSet<>();

    private final Queue<CompletableFuture<RequestId>> waiting = new ArrayDeque<>();
    private long next = 1;

    ShardSequencer(EventLoop loop, Entropy entropy) {
        this(loop, entropy, MAX_OUTSTANDING);
    }

    ShardSequencer(EventLoop loop, Entropy entropy, int maxOutstanding) {
        this.loop = loop;
        this.maxOutstanding = maxOutstanding;
        this.sessionHigh = entropy.nextLong();
        this.sessionLow = entropy.nextLong();
    }

    /** The next id; null if there is none before another write has ended. */
    synchronized @Nullable RequestId acquireNow() {
        return outstanding.size() < maxOutstanding ? take() : null;
    }

    /**
     * The next id, at once or when another write has ended.
     *
     * @param waitNanos after that, or when too many wait already, it fails as {@link Status#BUSY}
     */
    CompletableFuture<RequestId> acquire(long waitNanos) {
        CompletableFuture<RequestId> later = new CompletableFuture<>();
        synchronized (this) {
            if (outstanding.size() < maxOutstanding) {
                return CompletableFuture.completedFuture(take());
            }
            if (waiting.size() >= MAX_WAITING) {
                return CompletableFuture.failedFuture(busy());
            }
            waiting.add(later);
        }
        EventLoop.Timer timer = loop.schedule(waitNanos, () -> later.completeExceptionally(busy()));
        later.whenComplete((id, failure) -> timer.cancel());
        return later;
    }

    private RequestFailedException busy() {
        return new RequestFailedException(
                Status.BUSY,
                "More than " + maxOutstanding
                        + " writes of this session to one shard are in flight; write more slowly");
    }

    /** The write has been answered, or given up: its outcome will not be asked for again. */
    void release(RequestId id) {
        boolean wanted;
        synchronized (this) {
            outstanding.remove(id.sequence());
            wanted = !waiting.isEmpty();
        }
        if (wanted) {
            // Not here: a write that fails at once releases its id too, and that must not nest.
            loop.execute(this::admit);
        }
    }

    private void admit() {
        for (Admission next = admission(); next != null; next = admission()) {
            if (!next.waiter().complete(next.id())) {
                release(next.id());
            }
        }
    }

    private record Admission(CompletableFuture<RequestId> waiter, RequestId id) {}

    /** The first that still waits, and its id; null when none does or there is no room. */
    private synchronized @Nullable Admission admission() {
        while (outstanding.size() < maxOutstanding) {
            CompletableFuture<RequestId> waiter = waiting.poll();
            if (waiter == null) {
                return null;
            }
            if (!waiter.isDone()) {
                return new Admission(waiter, take());
            }
        }
        return null;
    }

    private RequestId take() {
        long sequence = next++;
        outstanding.add(sequence);
        return new RequestId(
                sessionHigh, sessionLow, sequence, outstanding.iterator().next());
    }
}
