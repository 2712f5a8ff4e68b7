package dev.lockstep.benchmarks;

import dev.lockstep.benchmarks.process.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * Two contenders in one run: each workload on both, one right after the other, in each round; who begins alternates.
 *
 * @param base that the other is compared with
 * @param seconds of each measurement
 * @param warmUp seconds of each workload before the first round
 * @param turns told whose turn it is, before each measurement
 */
public record SideBySide(
        String baseName,
        Contender base,
        String otherName,
        Contender other,
        int rounds,
        int seconds,
        int warmUp,
        Consumer<Contender> turns) {

    /** Runs all workloads of the base, prints their figures, and returns the quotients of the rates, by workload. */
    public Map<String, Spread> compare() throws InterruptedException {
        List<String> names = List.copyOf(base.workloads().keySet());
        for (String name : names) {
            Progress.tell("warming up " + name);
            run(base, name, warmUp);
            run(other, name, warmUp);
        }
        Map<String, List<Sample>> ofBase = new LinkedHashMap<>();
        Map<String, List<Sample>> ofOther = new LinkedHashMap<>();
        for (int round = 1; round <= rounds; round++) {
            Progress.tell("round " + round + " of " + rounds);
            for (String name : names) {
                boolean baseFirst = round % 2 == 1;
                Sample first = run(baseFirst ? base : other, name, seconds);
                Sample second = run(baseFirst ? other : base, name, seconds);
                add(ofBase, name, baseFirst ? first : second);
                add(ofOther, name, baseFirst ? second : first);
            }
        }
        return print(ofBase, ofOther);
    }

    private Map<String, Spread> print(Map<String, List<Sample>> ofBase, Map<String, List<Sample>> ofOther) {
        String quotient = otherName + "/" + baseName;
        System.out.printf(
                "%n%-8s %26s %26s %26s %26s%n",
                "", baseName + "/s", otherName + "/s", "rate " + quotient, "CPU " + quotient);
        Map<String, Spread> ratios = new LinkedHashMap<>();
        ofBase.forEach((name, these) -> {
            List<Sample> those = ofOther.getOrDefault(name, List.of());
            Spread rates = ratio(those, these, Sample::rate);
            ratios.put(name, rates);
            System.out.printf(
                    "%-8s %26s %26s %26s %26s%n",
                    name,
                    rates(these).text("%.0f"),
                    rates(those).text("%.0f"),
                    rates.text("%.3f"),
                    ratio(those, these, Sample::cpu).text("%.3f"));
        });
        System.out.println();
        return ratios;
    }

    private Sample run(Contender contender, String name, int seconds) throws InterruptedException {
        turns.accept(contender);
        return Objects.requireNonNull(contender.workloads().get(name)).run(seconds);
    }

    private static void add(Map<String, List<Sample>> samples, String name, Sample sample) {
        samples.computeIfAbsent(name, none -> new ArrayList<>()).add(sample);
    }

    private static Spread rates(List<Sample> samples) {
        return Spread.of(samples.stream().map(Sample::rate).toList());
    }

    /** The quotients of each round. */
    private static Spread ratio(List<Sample> these, List<Sample> those, ToDoubleFunction<Sample> figure) {
        double[] quotients = new double[these.size()];
        for (int i = 0; i < quotients.length; i++) {
            quotients[i] = figure.applyAsDouble(these.get(i)) / figure.applyAsDouble(those.get(i));
        }
        return Spread.of(quotients);
    }
}
