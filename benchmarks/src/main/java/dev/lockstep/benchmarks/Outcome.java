package dev.lockstep.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.HdrHistogram.Histogram;

/**
 * The figures that the callers of a load observed; latencies in microseconds.
 *
 * @param rate operations a second
 */
public record Outcome(long operations, double rate, double p50, double p90, double p99, double p999, double max) {

    private static final double NANOS = 1e3;

    public static Outcome of(Histogram nanos, double seconds) {
        return new Outcome(
                nanos.getTotalCount(),
                nanos.getTotalCount() / seconds,
                nanos.getValueAtPercentile(50) / NANOS,
                nanos.getValueAtPercentile(90) / NANOS,
                nanos.getValueAtPercentile(99) / NANOS,
                nanos.getValueAtPercentile(99.9) / NANOS,
                nanos.getMaxValue() / NANOS);
    }

    public String text() {
        return operations + " "
                + DoubleStream.of(rate, p50, p90, p99, p999, max)
                        .mapToObj(each -> String.format(Locale.ROOT, "%.3f", each))
                        .collect(Collectors.joining(" "));
    }

    public static Outcome parse(String text) {
        String[] words = text.split(" ");
        double[] figures =
                Arrays.stream(words).skip(1).mapToDouble(Double::parseDouble).toArray();
        return new Outcome(
                Long.parseLong(words[0]), figures[0], figures[1], figures[2], figures[3], figures[4], figures[5]);
    }
}
