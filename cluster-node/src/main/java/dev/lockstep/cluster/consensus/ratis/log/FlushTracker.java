package dev.lockstep.cluster.consensus.ratis.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Tracks up to which position a log is flushed, and completes the appends that wait for a sync once it covers them.
 * Thread-safe; futures are completed and {@code advanced} is run without the lock.
 */
final class FlushTracker {

    private final Runnable advanced;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long truncations;
    private volatile long flushed;

    /** The position of the last entry of an append that waits for a sync. */
    private record Waiting(long index, CompletableFuture<Long> synced) {}

    /**
     * @param flushed the position up to which the log is flushed from the start
     * @param advanced told, on any thread, that a sync covered more appends
     */
    FlushTracker(long flushed, Runnable advanced) {
        this.flushed = flushed;
        this.advanced = advanced;
    }

    /** The position up to which the log is flushed. */
    long flushed() {
        return flushed;
    }

    /** Counts entries as flushed that no sync is awaited for. */
    synchronized void flushed(long index) {
        flushed = index;
    }

    /** Adds an append that waits for a sync. */
    synchronized CompletableFuture<Long> await(long index) {
        CompletableFuture<Long> synced = new CompletableFuture<>();
        waiting.add(new Waiting(index, synced));
        return synced;
    }

    /**
     * The number of truncations so far: to be read before a sync, which does not count for entries that replaced
     * others meanwhile.
     */
    synchronized long truncations() {
        return truncations;
    }

    /**
     * Completes the appends that a sync covers.
     *
     * @param index the last entry that was synced
     * @param before {@link #truncations} before it
     * @return whether the sync counts; if not, the log has to be synced again
     */
    boolean synced(long index, long before) {
        List<Waiting> done = new ArrayList<>();
        synchronized (this) {
            if (truncations != before) {
                return false;
            }
            while (!waiting.isEmpty() && waiting.getFirst().index() <= index) {
                done.add(waiting.removeFirst());
            }
            if (!done.isEmpty()) {
                flushed = done.get(done.size() - 1).index();
            }
        }
        if (!done.isEmpty()) {
            done.forEach(append -> append.synced().complete(append.index()));
            advanced.run();
        }
        return true;
    }

    /** Fails the appends that wait for a sync and end at {@code index} or after it. */
    void fail(long index, Throwable cause) {
        List<Waiting> failed = new ArrayList<>();
        synchronized (this) {
            truncations++;
            while (!waiting.isEmpty() && waiting.getLast().index() >= index) {
                failed.add(waiting.removeLast());
            }
        }
        failed.forEach(append -> append.synced().completeExceptionally(cause));
    }

    /** Notes that the entries from {@code index} on are gone. */
    synchronized void truncated(long index) {
        flushed = Math.min(flushed, index - 1);
    }

    /** Notes that a snapshot up to {@code index} is part of the log. */
    synchronized void installed(long index) {
        flushed = Math.max(flushed, index);
    }
}
