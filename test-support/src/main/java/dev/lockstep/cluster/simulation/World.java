package dev.lockstep.cluster.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Simulated time: events happen one after another, in the order of their times, and may add others. Everything that differs
 * between two seeds comes from {@link #random}. Not thread-safe: a world lives in one thread.
 */
public final class World {

    private static final long FNV_PRIME = 0x100000001B3L;

    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::due).thenComparingLong(Event::order));
    private final Map<Sleeper, List<Event>> deferred = new HashMap<>();
    private final SplittableRandom random;
    private final @Nullable Consumer<String> trace;
    private final List<String> failures = new ArrayList<>();
    private long nanos;
    private long order;
    private long happened;
    private long interruptedAfter = -1;
    private Runnable interruption = () -> {};
    private long hash = 0xCBF29CE484222325L;

    /** @param trace takes a line for all that is worth telling; null to tell nothing, which is faster */
    public World(long seed, @Nullable Consumer<String> trace) {
        this.random = new SplittableRandom(seed);
        this.trace = trace;
    }

    private record Event(long due, long order, @Nullable SimulatedProcess owner, int incarnation, Task task) {}

    /** The action of an event; it can be taken back until then. */
    static final class Task {
        private @Nullable Runnable work;

        private Task(Runnable work) {
            this.work = work;
        }

        void cancel() {
            work = null;
        }
    }

    /** Nanoseconds since the world began. */
    long nanos() {
        return nanos;
    }

    SplittableRandom random() {
        return random;
    }

    /** True with this probability. */
    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** Returns a random time from {@code low} to {@code high}, both in microseconds, in nanoseconds. */
    long micros(long low, long high) {
        return TimeUnit.MICROSECONDS.toNanos(random.nextLong(low, high + 1));
    }

    /** Does {@code work} later, on behalf of no process. */
    Task after(long delayNanos, Runnable work) {
        return add(delayNanos, null, 0, work);
    }

    /** Does {@code work} later, unless the process has ended by then; a paused process does it when it goes on. */
    Task after(long delayNanos, SimulatedProcess owner, Runnable work) {
        return add(delayNanos, owner, owner.incarnation(), work);
    }

    private Task add(long delayNanos, @Nullable SimulatedProcess owner, int incarnation, Runnable work) {
        Task task = new Task(work);
        events.add(new Event(nanos + Math.max(0, delayNanos), order++, owner, incarnation, task));
        return task;
    }

    /** Lets the next event happen; false if there is none. An exception of an event is a failure of the run. */
    boolean step() {
        Event next = events.poll();
        if (next == null) {
            return false;
        }
        nanos = Math.max(nanos, next.due());
        SimulatedProcess owner = next.owner();
        if (next.task().work == null || (owner != null && owner.incarnation() != next.incarnation())) {
            return true;
        }
        if (owner != null && owner.pausedUntil() > nanos) {
            deferred.computeIfAbsent(new Sleeper(owner, next.incarnation()), this::wakes)
                    .add(next);
            return true;
        }
        happened++;
        mix(nanos);
        Runnable work = next.task().work;
        next.task().work = null;
        try {
            work.run();
        } catch (RuntimeException | Error failure) {
            fail("a task" + (owner == null ? "" : " of " + owner) + " failed", failure);
        }
        if (happened == interruptedAfter) {
            interruption.run();
        }
        return true;
    }

    /** Does {@code work} once that many events have happened, before the next one. */
    void interruptAfter(long events, Runnable work) {
        interruptedAfter = events;
        interruption = work;
    }

    /** A paused process; killed and started again it is another. */
    private record Sleeper(SimulatedProcess process, int incarnation) {}

    /** Tasks of a paused process are queued, in order, until it resumes. */
    private List<Event> wakes(Sleeper sleeper) {
        after(sleeper.process().pausedUntil() - nanos, () -> wake(sleeper));
        return new ArrayList<>();
    }

    private void wake(Sleeper sleeper) {
        SimulatedProcess owner = sleeper.process();
        if (owner.pausedUntil() > nanos) {
            after(owner.pausedUntil() - nanos, () -> wake(sleeper));
            return;
        }
        for (Event kept : deferred.remove(sleeper)) {
            events.add(new Event(nanos, order++, owner, kept.incarnation(), kept.task()));
        }
    }

    /** Goes on until then, until {@code over}, or until something is wrong. */
    void runUntil(long untilNanos, BooleanSupplier over) {
        while (failures.isEmpty() && !over.getAsBoolean() && nanos < untilNanos) {
            long slice = Math.min(untilNanos, nanos + SLICE_NANOS);
            while (failures.isEmpty() && !events.isEmpty() && events.peek().due() <= slice) {
                step();
            }
            nanos = Math.max(nanos, slice);
        }
    }

    /** Something happened that must never happen: the run ends. */
    void fail(String what, @Nullable Throwable cause) {
        StringBuilder text = new StringBuilder(what);
        for (Throwable one = cause; one != null; one = one.getCause()) {
            text.append("\n  ").append(one);
            for (int i = 0; i < Math.min(12, one.getStackTrace().length); i++) {
                text.append("\n    at ").append(one.getStackTrace()[i]);
            }
        }
        failures.add(text.toString());
        trace(() -> "FAILURE " + text);
    }

    List<String> failures() {
        return failures;
    }

    /** Events so far. */
    long happened() {
        return happened;
    }

    /** Writes what happens to the trace. */
    void trace(Supplier<String> line) {
        if (trace != null) {
            trace.accept("%,12d us  %s".formatted(TimeUnit.NANOSECONDS.toMicros(nanos), line.get()));
        }
    }

    /** Makes a number part of what the run has been. */
    void mix(long value) {
        hash = (hash ^ value) * FNV_PRIME;
        hash ^= hash >>> 29;
    }

    /** Equal for two runs in which the same happened. */
    long hash() {
        return hash;
    }
}
