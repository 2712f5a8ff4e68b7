package dev.lockstep.cluster.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Runs many schedules, each by its seed, in several threads. */
public final class Schedules {

    private static final int MAX_FAILURES = 20;

    private final AtomicLong next = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong events = new AtomicLong();
    private final AtomicLong calls = new AtomicLong();
    private final List<Run.Result> failures = Collections.synchronizedList(new ArrayList<>());

    static Run.Result run(long seed) {
        return new Run(seed, Scenario.of(seed), null).result();
    }

    /** Describes the first of these schedules that fails, in a line; null if none does. */
    public static @Nullable String firstFailure(int schedules) {
        return LongStream.range(0, schedules)
                .mapToObj(Schedules::run)
                .filter(result -> !result.isClean())
                .findFirst()
                .map(result -> "seed " + result.seed() + ": "
                        + result.failures()
                                .get(0)
                                .lines()
                                .limit(2)
                                .collect(Collectors.joining(" "))
                                .strip())
                .orElse(null);
    }

    /**
     * Runs the schedules from one seed up to another, and stops early when many fail.
     *
     * @param to exclusive
     * @param failed told of each that goes wrong, from any thread
     */
    void run(long from, long to, int threads, Consumer<Run.Result> failed) throws InterruptedException {
        next.set(from);
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread worker = new Thread(() -> work(to, failed), "schedules-" + i);
            worker.setDaemon(true);
            workers.add(worker);
            worker.start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
    }

    private void work(long to, Consumer<Run.Result> failed) {
        for (long seed = next.getAndIncrement();
                seed < to && failures.size() < MAX_FAILURES;
                seed = next.getAndIncrement()) {
            Run.Result result = run(seed);
            done.incrementAndGet();
            events.addAndGet(result.events());
            calls.addAndGet(result.history().calls().size());
            if (!result.isClean()) {
                failures.add(result);
                failed.accept(result);
            }
        }
    }

    long done() {
        return done.get();
    }

    /** Operations of clients, in all schedules. */
    long calls() {
        return calls.get();
    }

    long events() {
        return events.get();
    }

    List<Run.Result> failures() {
        return List.copyOf(failures);
    }

    /** The smallest scenario of the same seed, of those tried, that still goes wrong. */
    static Run.Result smallest(Run.Result failed) {
        Run.Result smallest = failed;
        for (boolean smaller = true; smaller; ) {
            smaller = false;
            Scenario is = smallest.scenario();
            for (Scenario less : List.of(
                    is.with(is.clients(), is.operations(), is.faults() / 2),
                    is.with(is.clients(), is.operations(), is.faults() - 1),
                    is.with(is.clients(), is.operations() / 2, is.faults()),
                    is.with(is.clients(), is.operations() - 1, is.faults()),
                    is.with(is.clients() - 1, is.operations(), is.faults()))) {
                if (less.equals(is) || less.clients() < 1 || less.operations() < 1 || less.faults() < 0) {
                    continue;
                }
                Run.Result tried = new Run(failed.seed(), less, null).result();
                if (!tried.isClean()) {
                    smallest = tried;
                    smaller = true;
                    break;
                }
            }
        }
        return smallest;
    }
}
