package dev.lockstep.protocol.concurrency;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An event loop without a thread, and its clock: any thread may give it tasks, one at a time runs them, and a timer fires only
 * when the test says so. Thread-safe but for running.
 */
public final class ManualEventLoop implements EventLoop, Time {

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> timers = new ConcurrentLinkedQueue<>();
    private final AtomicLong nanos = new AtomicLong();

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        timers.add(task);
        return () -> timers.remove(task);
    }

    /** Runs what has been given, and what that gives. */
    public void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Fires the oldest timer; false when there is none. */
    public boolean fire() {
        Runnable timer = timers.poll();
        if (timer != null) {
            timer.run();
        }
        return timer != null;
    }

    public void pass(long passed) {
        nanos.addAndGet(passed);
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void close() {
        tasks.clear();
        timers.clear();
    }

    @Override
    public long millis() {
        return 1_700_000_000_000L + nanos.get() / 1_000_000;
    }

    @Override
    public long nanos() {
        return nanos.get();
    }
}
