package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.simulation.InterruptedChange.Strike;
import dev.lockstep.cluster.simulation.Interruption.Fault;
import dev.lockstep.cluster.simulation.Interruption.Role;
import dev.lockstep.cluster.simulation.Interruption.Step;
import dev.lockstep.cluster.simulation.Interruption.When;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the layout, each with one fault: every step of each change, every part that a node has in it, just before the step and just
 * after it, and every fault. A cell whose step does not happen has failed.
 */
final class MoveMatrix {

    private final long seed;
    private final Map<LayoutChange, Rehearsal> rehearsals = new EnumMap<>(LayoutChange.class);

    /** One run of it. */
    record Cell(LayoutChange change, Interruption interruption) {

        /** The cell of that name. */
        static Cell of(String name) {
            return cells().stream()
                    .filter(cell -> cell.toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("The matrix has no cell " + name));
        }

        @Override
        public String toString() {
            return String.join(
                            "/",
                            change.name(),
                            interruption.when().name(),
                            interruption.step().name(),
                            interruption.fault().name(),
                            interruption.role().name())
                    .toLowerCase(Locale.ROOT)
                    .replace('_', '-');
        }
    }

    /** The outcome of a cell. @param lateNanos the time from the end of the fault until the change had come about */
    record Fate(Cell cell, List<String> failures, long lateNanos) {}

    /** A change without a fault. */
    private record Rehearsal(List<String> failures, Map<Step, Long> steps) {}

    /** Rehearses all changes. */
    MoveMatrix(long seed) {
        this.seed = seed;
        for (LayoutChange change : LayoutChange.values()) {
            Run run = new Run(seed, change, null, null);
            List<String> failures = run.result().failures();
            rehearsals.put(
                    change,
                    new Rehearsal(failures, Objects.requireNonNull(run.change()).steps()));
        }
    }

    static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (LayoutChange change : LayoutChange.values()) {
            for (Step step : change.steps()) {
                for (When when : When.values()) {
                    for (Role role : change.roles(step)) {
                        for (Fault fault : Fault.values()) {
                            cells.add(new Cell(change, new Interruption(step, role, when, fault)));
                        }
                    }
                }
            }
        }
        return cells;
    }

    /** A third of them: each step, with each part, before and after, and the faults in turn. */
    static List<Cell> sample() {
        List<Cell> all = cells();
        int faults = Fault.values().length;
        List<Cell> sample = new ArrayList<>();
        for (int i = 0; i < all.size(); i += faults) {
            sample.add(all.get(i + i / faults % faults));
        }
        return sample;
    }

    /** @param trace takes a line for all that happens, or null */
    Fate run(Cell cell, @Nullable Consumer<String> trace) {
        Rehearsal rehearsal = Objects.requireNonNull(rehearsals.get(cell.change()));
        Long event = rehearsal.steps().get(cell.interruption().step());
        if (event == null || !rehearsal.failures().isEmpty()) {
            return new Fate(cell, List.of("the rehearsal failed: " + rehearsal.failures()), 0);
        }
        Run run = new Run(seed, cell.change(), new Strike(cell.interruption(), event), trace);
        List<String> failures = run.result().failures();
        return new Fate(cell, failures, Objects.requireNonNull(run.change()).lateNanos());
    }

    /** Runs all of some cells. */
    List<Fate> run(List<Cell> cells, int threads) throws InterruptedException, ExecutionException {
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<Fate>> runs = new ArrayList<>();
            cells.forEach(cell -> runs.add(() -> run(cell, null)));
            List<Fate> fates = new ArrayList<>();
            for (Future<Fate> fate : workers.invokeAll(runs)) {
                fates.add(fate.get());
            }
            return fates;
        } finally {
            workers.shutdownNow();
        }
    }
}
