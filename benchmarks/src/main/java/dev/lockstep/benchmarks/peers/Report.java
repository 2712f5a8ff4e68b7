package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Goal;
import dev.lockstep.benchmarks.Spread;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A run for people: tables, goals and ratios. */
final class Report {

    private static final String NONE = "-";

    /** The goals for Lockstep's rate, as parts of Hazelcast's, with three servers and a client. */
    private static final List<RateGoal> GOALS = List.of(
            new RateGoal(Operation.PUT, 1, 0.8),
            new RateGoal(Operation.PUT, 16, 1.2),
            new RateGoal(Operation.PUT, 64, 1.5),
            new RateGoal(Operation.INVOKE, 1, 0.4),
            new RateGoal(Operation.INVOKE, 64, 0.8),
            new RateGoal(Operation.PUT_ALL, 1, 1),
            new RateGoal(Operation.PUT_ALL, 64, 2),
            new RateGoal(Operation.GET, 1, 1.5),
            new RateGoal(Operation.GET, 64, 5));

    private static final double MOST_CPU_OF_A_PUT = 1;

    private final Results results;

    private record RateGoal(Operation operation, int callers, double atLeast) {

        Load load() {
            return Load.closed(operation, callers);
        }
    }

    Report(Results results) {
        this.results = results;
    }

    /** Prints the figures of a topology, and how Lockstep's compare with each peer's. */
    void print(Topology topology) {
        System.out.printf("%n%s: %s; median [lowest-highest] of the cycles%n", topology, topology.description());
        System.out.printf("%-18s %-11s %28s %24s %10s %24s%n", "", "", "operations/s", "p50 us", "p99 us", "CPU us");
        List<Contestant> all = Stream.of(Contestant.values())
                .filter(each -> each.plays(topology))
                .toList();
        for (Load load : results.loads(topology)) {
            for (Contestant each : all) {
                results.spread(topology, each, load, Measured::rate)
                        .ifPresent(rate -> System.out.printf(
                                "%-18s %-11s %28s %24s %10s %24s%n",
                                load,
                                each,
                                rate.text("%.0f"),
                                micros(results.spread(topology, each, load, Measured::p50)),
                                median(results.spread(topology, each, load, Measured::p99), "%.1f"),
                                micros(results.spread(topology, each, load, Measured::cpu))));
            }
            for (Contestant peer : all) {
                if (peer != Contestant.LOCKSTEP) {
                    printRatio(topology, peer, load);
                }
            }
        }
        for (Results.Turn turn : results.turns()) {
            if (turn.topology() == topology && !turn.isFlat()) {
                System.out.printf(
                        Locale.ROOT,
                        "Cycle %d, %s: %s%n",
                        turn.cycle(),
                        turn.contestant(),
                        turn.failure()
                                .map(failure -> "failed: " + failure)
                                .orElse("after %.0f s of warming up its rate was not flat yet"
                                        .formatted(turn.warmUpSeconds())));
            }
        }
    }

    private void printRatio(Topology topology, Contestant peer, Load load) {
        ToDoubleFunction<Measured> first = load.isOpen() ? Measured::p50 : Measured::rate;
        ratio(topology, peer, load, first)
                .ifPresent(ratio -> System.out.printf(
                        "%-18s Lockstep/%s: %s %s, p99 %s, CPU %s%n",
                        "",
                        peer,
                        load.isOpen() ? "p50" : "rate",
                        ratio.text("%.2f"),
                        text(ratio(topology, peer, load, Measured::p99), "%.2f"),
                        text(ratio(topology, peer, load, Measured::cpu), "%.2f")));
    }

    private Optional<Spread> ratio(Topology topology, Contestant peer, Load load, ToDoubleFunction<Measured> figure) {
        return results.ratio(topology, Contestant.LOCKSTEP, peer, load, figure);
    }

    private static String micros(Optional<Spread> spread) {
        return text(spread, spread.filter(each -> each.median() >= 100).isPresent() ? "%.0f" : "%.1f");
    }

    private static String text(Optional<Spread> spread, String format) {
        return spread.map(each -> each.text(format)).orElse(NONE);
    }

    private static String median(Optional<Spread> spread, String format) {
        return spread.map(each -> String.format(Locale.ROOT, format, each.median()))
                .orElse(NONE);
    }

    /** Prints the goals that were measured, and the ratios that they are about in a line. */
    void printRatios() {
        System.out.println();
        for (RateGoal goal : GOALS) {
            toHazelcast(goal.load(), Measured::rate)
                    .ifPresent(ratio -> System.out.println(
                            Goal.atLeast(goal.atLeast(), "Lockstep/Hazelcast, rate of " + goal.load(), ratio)));
        }
        Load put = Load.closed(Operation.PUT, 1);
        toHazelcast(put, Measured::cpu)
                .ifPresent(ratio ->
                        System.out.println(Goal.atMost(MOST_CPU_OF_A_PUT, "Lockstep/Hazelcast, CPU of " + put, ratio)));
        System.out.println("ratios to hazelcast: "
                + GOALS.stream()
                        .map(goal -> goal.load() + "=" + median(toHazelcast(goal.load(), Measured::rate), "%.2f"))
                        .collect(Collectors.joining(" ")));
    }

    private Optional<Spread> toHazelcast(Load load, ToDoubleFunction<Measured> figure) {
        return ratio(Topology.CLIENT_SERVER, Contestant.HAZELCAST, load, figure);
    }
}
