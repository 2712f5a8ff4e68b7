package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * The callers of a load. Without a rate, each begins its next step when the last one has ended, and takes at least one. With one,
 * each step has a time at which it is to begin, and its latency counts from then, also where the caller was still busy: a product
 * that stalls cannot hide the steps that it delays.
 */
final class Callers {

    private static final long LONGEST = TimeUnit.MINUTES.toNanos(5);
    private static final int DIGITS = 3;

    private final Load load;
    private final Histogram all = new Histogram(LONGEST, DIGITS);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private long begin;
    private long end;

    Callers(Load load) {
        this.load = load;
    }

    /**
     * Runs the load. A step that fails ends it.
     *
     * @param steps makes each caller its own
     */
    Outcome run(int millis, Supplier<BooleanSupplier> steps) throws InterruptedException {
        begin = System.nanoTime();
        end = begin + TimeUnit.MILLISECONDS.toNanos(millis);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < load.callers(); i++) {
            int caller = i;
            BooleanSupplier step = steps.get();
            Thread thread = new Thread(() -> call(caller, step), "caller-" + i);
            thread.setUncaughtExceptionHandler((failed, cause) -> failure.compareAndSet(null, cause));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new IllegalStateException(load + " failed: " + failure.get(), failure.get());
        }
        return Outcome.of(all, (System.nanoTime() - begin) / 1e9);
    }

    private void call(int caller, BooleanSupplier step) {
        Histogram mine = new Histogram(LONGEST, DIGITS);
        if (load.isOpen()) {
            callAtTimes(caller, step, mine);
        } else {
            callOnAndOn(step, mine);
        }
        synchronized (all) {
            all.add(mine);
        }
    }

    private void callOnAndOn(BooleanSupplier step, Histogram mine) {
        long began = System.nanoTime();
        do {
            if (!step.getAsBoolean()) {
                return;
            }
            long ended = System.nanoTime();
            mine.recordValue(Math.min(LONGEST, ended - began));
            began = ended;
        } while (began < end && failure.get() == null);
    }

    /** The steps of all callers are evenly spread over the time. */
    private void callAtTimes(int caller, BooleanSupplier step, Histogram mine) {
        double interval = 1e9 * load.callers() / load.rate();
        double first = 1e9 * caller / load.rate();
        for (long count = 0; failure.get() == null; count++) {
            long intended = begin + (long) (first + count * interval);
            if (intended >= end) {
                return;
            }
            for (long wait = intended - System.nanoTime(); wait > 0; wait = intended - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            if (!step.getAsBoolean()) {
                return;
            }
            mine.recordValue(Math.min(LONGEST, System.nanoTime() - intended));
        }
    }
}
