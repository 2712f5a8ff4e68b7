package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;

/** Clock, event loop and randomness of a test: time passes only when the test says so, and all in its own thread. */
public final class SimulatedWorld implements Time, EventLoop, Entropy {

    private final Random random = new Random(107);
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::order));
    private long nanos;
    private long order;

    private record Task(long due, long order, Runnable work) {}

    @Override
    public long millis() {
        return 1_700_000_000_000L + nanos / 1_000_000;
    }

    @Override
    public long nanos() {
        return nanos;
    }

    @Override
    public long nextLong() {
        return random.nextLong();
    }

    @Override
    public void execute(Runnable task) {
        schedule(0, task);
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        Task scheduled = new Task(nanos + delayNanos, order++, task);
        tasks.add(scheduled);
        return () -> tasks.remove(scheduled);
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void close() {
        tasks.clear();
    }

    /** Lets time pass, and everything happen that falls due. */
    public void pass(Duration duration) {
        long until = nanos + duration.toNanos();
        while (!tasks.isEmpty() && tasks.peek().due() <= until) {
            Task task = tasks.remove();
            nanos = Math.max(nanos, task.due());
            task.work().run();
        }
        nanos = until;
    }
}
