package dev.lockstep.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The samples of one workload, a round each. Not thread-safe. */
final class Samples {

    private final List<Sample> samples = new ArrayList<>();
    private final List<Double> ratios = new ArrayList<>();

    void add(Sample sample, double ratio) {
        samples.add(sample);
        ratios.add(ratio);
    }

    private double median(ToDoubleFunction<Sample> figure) {
        return Spread.of(samples.stream().mapToDouble(figure).toArray()).median();
    }

    @Override
    public String toString() {
        Spread rate = Spread.of(samples.stream().mapToDouble(Sample::rate).toArray());
        Spread ratio =
                Spread.of(ratios.stream().mapToDouble(Double::doubleValue).toArray());
        return String.format(
                Locale.ROOT,
                "%8.0f [%.0f-%.0f] %8.1f [%.1f-%.1f] %9.0f %9.0f %8.1f",
                rate.median(),
                rate.lowest(),
                rate.highest(),
                ratio.median(),
                ratio.lowest(),
                ratio.highest(),
                median(Sample::p50),
                median(Sample::p99),
                median(Sample::cpu));
    }
}
