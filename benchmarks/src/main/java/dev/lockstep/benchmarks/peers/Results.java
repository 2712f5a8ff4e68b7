package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Spread;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** The figures of a run. Ratios are taken within each cycle before their median is. Not thread-safe. */
final class Results {

    private final List<Entry> entries = new ArrayList<>();
    private final List<Turn> turns = new ArrayList<>();

    /** One measurement. */
    record Entry(Topology topology, Contestant contestant, int cycle, Load load, Measured measured) {}

    /**
     * A product's turn in a cycle.
     *
     * @param warmUpSeconds until the rate was flat, or the time was over
     * @param failure why figures are missing, or empty
     */
    record Turn(
            Topology topology,
            Contestant contestant,
            int cycle,
            double warmUpSeconds,
            boolean isFlat,
            Optional<String> failure) {}

    void add(Entry entry) {
        entries.add(entry);
    }

    void add(Turn turn) {
        turns.add(turn);
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    List<Turn> turns() {
        return List.copyOf(turns);
    }

    /** The loads that were measured in a topology, in order. */
    Set<Load> loads(Topology topology) {
        Set<Load> loads = new LinkedHashSet<>();
        entries.stream().filter(entry -> entry.topology() == topology).forEach(entry -> loads.add(entry.load()));
        return loads;
    }

    /** Empty if it was never measured. */
    Optional<Spread> spread(Topology topology, Contestant contestant, Load load, ToDoubleFunction<Measured> figure) {
        return spread(entries.stream()
                .filter(entry -> entry.topology() == topology
                        && entry.contestant() == contestant
                        && entry.load().equals(load))
                .map(entry -> figure.applyAsDouble(entry.measured()))
                .toList());
    }

    /** The ratio of one contestant's figure to the other's; empty if there is no cycle in which both were measured. */
    Optional<Spread> ratio(
            Topology topology, Contestant one, Contestant other, Load load, ToDoubleFunction<Measured> figure) {
        List<Double> ratios = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.topology() == topology
                    && entry.contestant() == one
                    && entry.load().equals(load)) {
                entries.stream()
                        .filter(beside -> beside.topology() == topology
                                && beside.contestant() == other
                                && beside.cycle() == entry.cycle()
                                && beside.load().equals(load))
                        .forEach(beside -> ratios.add(
                                figure.applyAsDouble(entry.measured()) / figure.applyAsDouble(beside.measured())));
            }
        }
        return spread(ratios);
    }

    private static Optional<Spread> spread(List<Double> figures) {
        return figures.isEmpty() ? Optional.empty() : Optional.of(Spread.of(figures));
    }
}
