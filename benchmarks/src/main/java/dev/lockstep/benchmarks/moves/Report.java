package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The phases of all repetitions; each repetition has the same ones. Not thread-safe. */
final class Report {

    static final String BEFORE = "before";
    static final String JOIN = "join";
    static final String DRAIN = "drain";
    static final String UNDRAIN = "undrain";
    static final String FAIL_OVER = "fail over";
    static final String RESTART = "restart";
    static final String REMOVE = "replace: remove";
    static final String ADD = "replace: add";

    private static final double MICROS = 1e3;

    private final Map<String, List<Phase>> phases = new LinkedHashMap<>();
    private long failed;

    void add(String name, Phase phase) {
        phases.computeIfAbsent(name, none -> new ArrayList<>()).add(phase);
    }

    /** Counts puts that failed in a repetition, in its phases and between them. */
    void addFailed(long puts) {
        failed += puts;
    }

    private List<Phase> of(String name) {
        return Objects.requireNonNull(phases.get(name), name);
    }

    private Spread spread(String name, ToDoubleFunction<Phase> figure) {
        return Spread.of(of(name).stream().mapToDouble(figure).toArray());
    }

    /** Repetition by repetition, the p99 of a phase ÷ that before. */
    private Spread cost(String name) {
        List<Phase> before = of(BEFORE);
        List<Phase> during = of(name);
        return Spread.of(IntStream.range(0, before.size())
                .mapToDouble(repetition -> during.get(repetition).puts().p99()
                        / before.get(repetition).puts().p99())
                .toArray());
    }

    /** Repetition by repetition, from the end of a node until another has taken its place. */
    private Spread replace() {
        List<Phase> removed = of(REMOVE);
        List<Phase> added = of(ADD);
        return Spread.of(IntStream.range(0, removed.size())
                .mapToDouble(repetition -> removed.get(repetition).seconds()
                        + added.get(repetition).seconds())
                .toArray());
    }

    long failed() {
        return failed;
    }

    /** A line for each phase. */
    String table() {
        String header = String.format(
                Locale.ROOT,
                "%-16s %-22s %8s %-20s %-22s %10s %-20s %-20s %s%n",
                "",
                "seconds",
                "puts",
                "p50 ms",
                "p99 ms",
                "max ms",
                "p99 / p99 before",
                "longest gap s",
                "failed");
        return header + phases.keySet().stream().map(this::row).collect(Collectors.joining());
    }

    private String row(String name) {
        return String.format(
                Locale.ROOT,
                "%-16s %-22s %8.0f %-20s %-22s %10.0f %-20s %-20s %d%n",
                name,
                spread(name, Phase::seconds).text("%.1f"),
                spread(name, phase -> phase.puts().operations()).median(),
                spread(name, phase -> phase.puts().p50() / MICROS).text("%.1f"),
                spread(name, phase -> phase.puts().p99() / MICROS).text("%.1f"),
                spread(name, phase -> phase.puts().max() / MICROS).highest(),
                cost(name).text("%.2f"),
                spread(name, Phase::gap).text("%.2f"),
                of(name).stream().mapToLong(Phase::failed).sum());
    }

    /** The figures that matter most, medians, in one line. */
    String summary() {
        return String.format(
                Locale.ROOT,
                "moves: join=%.1fs drain=%.1fs failover=%.2fs replace=%.1fs p99-during/before=%.2f failed=%d",
                spread(JOIN, Phase::seconds).median(),
                spread(DRAIN, Phase::seconds).median(),
                spread(FAIL_OVER, Phase::gap).median(),
                replace().median(),
                cost(JOIN).median(),
                failed);
    }
}
