package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.Entries;
import dev.lockstep.benchmarks.process.Progress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Puts of entries at random at a fixed rate, each with a time at which it is to begin and from which its latency counts. None waits for
 * another, so that a shard that stalls holds back no puts to others, as callers that wait would. Thread-safe.
 */
final class Puts implements AutoCloseable {

    private static final int FAILURES_TOLD = 5;

    private final Entries entries;
    private final int count;
    private final double intervalNanos;
    private final Thread pacer = new Thread(this::pace, "puts");
    private final AtomicInteger failed = new AtomicInteger();
    private Window window;
    private @Nullable Throwable broken;
    private volatile boolean over;

    /** Begins. */
    Puts(Entries entries, int count, int rate) {
        this.entries = entries;
        this.count = count;
        this.intervalNanos = 1e9 / rate;
        this.window = fresh();
        pacer.setUncaughtExceptionHandler((thread, failure) -> broken(failure));
        pacer.start();
    }

    private Window fresh() {
        return new Window(entries.session().shards(), System.nanoTime());
    }

    /** Begins another window. */
    synchronized Window next() {
        if (broken != null) {
            throw new IllegalStateException("Puts have ended", broken);
        }
        window = fresh();
        return window;
    }

    private synchronized Window current() {
        return window;
    }

    private synchronized void broken(Throwable failure) {
        broken = failure;
    }

    private synchronized Window sending() {
        window.sent();
        return window;
    }

    private void pace() {
        long began = System.nanoTime();
        for (long number = 0; !over; number++) {
            long intended = began + (long) (number * intervalNanos);
            for (long wait = intended - System.nanoTime(); wait > 0; wait = intended - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            put(ThreadLocalRandom.current().nextInt(count), intended);
        }
    }

    private void put(int entry, long intended) {
        int shard = entries.shardOf(entry);
        Window mine = sending();
        entries.put(entry).whenComplete((done, failure) -> {
            mine.ended(shard, intended, System.nanoTime(), failure);
            if (failure != null && failed.incrementAndGet() <= FAILURES_TOLD) {
                Progress.tell("a put to shard " + shard + " failed: " + failure);
            }
        });
    }

    /** The number that failed so far, in whichever window. */
    int failed() {
        return failed.get();
    }

    /** Ends them, and waits for the last. */
    @Override
    public void close() throws InterruptedException {
        over = true;
        pacer.join();
        current().await(OperatedCluster.PATIENCE);
    }
}
