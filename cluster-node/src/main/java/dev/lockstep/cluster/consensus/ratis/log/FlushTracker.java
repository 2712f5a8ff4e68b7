package dev.lockstep.cluster.consensus.ratis.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Tracks up to which position a log is flushed (written, or synced where acknowledgements wait for that), and completes the
 * appends that wait for it. Thread-safe; futures are completed and {@code advanced} is run without the lock.
 */
final class FlushTracker {

    private final Runnable advanced;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long truncations;
    private volatile long flushed;
    /** True while an append waits. */
    private volatile boolean awaited;
    /** True once the position was asked for while an append waited: {@code advanced} is told then when it is further. */
    private volatile boolean asked;

    /** An append, by the position of its last entry. */
    private record Waiting(long index, long sinceNanos, CompletableFuture<Long> flushed) {}

    /**
     * @param flushed the position up to which the log is flushed from the start
     * @param advanced told, on any thread, that more appends are flushed, by a sync, or after the position was asked for in vain
     */
    FlushTracker(long flushed, Runnable advanced) {
        this.flushed = flushed;
        this.advanced = advanced;
    }

    /** The position up to which the log is flushed. */
    long flushed() {
        if (awaited) {
            asked = true; // before it is read: a thread that flushes reads this after it has changed it
        }
        return flushed;
    }

    /** Starts again with a log that is flushed up to a position, and nothing that waits. */
    synchronized void reset(long index) {
        truncations++;
        flushed = index;
    }

    /** Adds an append that is to be flushed, before its entries can be seen by anyone who asks for the position. */
    synchronized CompletableFuture<Long> await(long index, long now) {
        CompletableFuture<Long> append = new CompletableFuture<>();
        if (waiting.isEmpty()) {
            asked = false;
        }
        waiting.add(new Waiting(index, now, append));
        awaited = true;
        return append;
    }

    /**
     * Joins the appends that wait, with one that brings nothing new.
     *
     * @param end the last entry of the log
     * @return null if it is flushed up to {@code index}
     */
    synchronized @Nullable CompletableFuture<Long> awaitKnown(long index, long end, long now) {
        if (index <= flushed) {
            return null;
        }
        Waiting last = waiting.peekLast();
        return last != null && last.index() == end ? last.flushed() : await(end, now);
    }

    /** The time for which the oldest append has waited; 0 if there is none. */
    synchronized long waitedNanos(long now) {
        return waiting.isEmpty() ? 0 : now - waiting.getFirst().sinceNanos();
    }

    /**
     * Counts entries as flushed that have been written, where no sync is waited for. By one thread at a time, which alone changes
     * the files.
     *
     * @return completes the appends that they are the end of
     */
    Runnable written(long index) {
        List<Waiting> done;
        boolean tell;
        synchronized (this) {
            flushed = Math.max(flushed, index);
            done = take(index);
            tell = asked;
        }
        return () -> {
            complete(done);
            if (tell) {
                advanced.run();
            }
        };
    }

    private List<Waiting> take(long index) {
        List<Waiting> done = new ArrayList<>(2);
        while (!waiting.isEmpty() && waiting.getFirst().index() <= index) {
            done.add(waiting.removeFirst());
        }
        awaited = !waiting.isEmpty();
        return done;
    }

    private static void complete(List<Waiting> done) {
        done.forEach(append -> append.flushed().complete(append.index()));
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
        List<Waiting> done;
        synchronized (this) {
            if (truncations != before) {
                return false;
            }
            done = take(index);
            if (!done.isEmpty()) {
                flushed = done.get(done.size() - 1).index();
            }
        }
        if (!done.isEmpty()) {
            complete(done);
            advanced.run();
        }
        return true;
    }

    /** Fails the appends that wait and end at {@code index} or after it. */
    void fail(long index, Throwable cause) {
        List<Waiting> failed = new ArrayList<>();
        synchronized (this) {
            truncations++;
            while (!waiting.isEmpty() && waiting.getLast().index() >= index) {
                failed.add(waiting.removeLast());
            }
            awaited = !waiting.isEmpty();
        }
        failed.forEach(append -> append.flushed().completeExceptionally(cause));
    }

    /** Notes that the entries from {@code index} on are gone. */
    synchronized void truncated(long index) {
        truncations++; // a sync may have begun since they were failed
        flushed = Math.min(flushed, index - 1);
    }

    /** Notes that a snapshot up to {@code index} is part of the log. */
    synchronized void installed(long index) {
        flushed = Math.max(flushed, index);
    }
}
