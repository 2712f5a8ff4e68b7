package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Spread;
import dev.lockstep.benchmarks.process.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * Loads on contenders in turns: in each round every load on every contender, another one first each time, so that what is
 * compared has run side by side. Ratios are taken in each round before their median is. Not thread-safe.
 */
final class Comparison {

    private final List<? extends Contender> contenders;
    private final Effort effort;
    private final Map<Key, List<Measured>> all = new HashMap<>();

    private record Key(String contender, Load load) {}

    Comparison(List<? extends Contender> contenders, Effort effort) {
        this.contenders = List.copyOf(contenders);
        this.effort = effort;
    }

    void run() throws IOException, InterruptedException {
        for (Load load : effort.loads()) {
            for (Contender contender : contenders) {
                Progress.tell("warming up " + contender.name() + ": " + load);
                contender.put(load, effort.warmUpSeconds());
            }
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Load load : effort.loads()) {
                for (Contender contender : turns(round)) {
                    Progress.tell("round " + round + " of " + effort.rounds() + ", " + contender.name() + ": " + load);
                    all.computeIfAbsent(new Key(contender.name(), load), none -> new ArrayList<>())
                            .add(contender.measure(load, effort.seconds()));
                }
            }
        }
    }

    private List<Contender> turns(int round) {
        List<Contender> turns = new ArrayList<>(contenders);
        Collections.rotate(turns, -round);
        return turns;
    }

    Spread spread(String contender, Load load, ToDoubleFunction<Measured> figure) {
        return Spread.of(of(contender, load).stream().mapToDouble(figure).toArray());
    }

    private List<Measured> of(String contender, Load load) {
        return Objects.requireNonNull(all.get(new Key(contender, load)));
    }

    /** The ratio of one contender's figure to the other's, round by round. */
    Spread ratio(String one, String other, Load load, ToDoubleFunction<Measured> figure) {
        List<Measured> ones = of(one, load);
        List<Measured> others = of(other, load);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ones.size(); round++) {
            ratios.add(figure.applyAsDouble(ones.get(round)) / figure.applyAsDouble(others.get(round)));
        }
        return Spread.of(ratios);
    }

    List<Load> loads() {
        return effort.loads();
    }

    List<String> names() {
        return contenders.stream().map(Contender::name).toList();
    }

    int rounds() {
        return effort.rounds();
    }
}
