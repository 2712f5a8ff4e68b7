package dev.lockstep.benchmarks;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** The spread of a figure over several rounds. */
public record Spread(double lowest, double median, double highest) {

    /** @param figures at least one */
    public static Spread of(double... figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }

    /** @param figures at least one */
    public static Spread of(Collection<Double> figures) {
        return of(figures.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** {@code median [lowest-highest]}, each in the format given. */
    public String text(String format) {
        return String.format(Locale.ROOT, format + " [" + format + "-" + format + "]", median, lowest, highest);
    }
}
