package dev.lockstep.benchmarks.transports;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What one run of some callers showed.
 *
 * @param rate puts a second
 * @param p50 microseconds within which half of the puts were done
 * @param p99 microseconds within which 99 of 100 were done
 * @param rounds how many there were, each of one or more puts
 */
record Figures(double rate, double p50, double p99, long rounds) {

    static Figures of(Histogram nanos, long rounds, double seconds) {
        return new Figures(
                nanos.getTotalCount() / seconds,
                nanos.getValueAtPercentile(50) / 1e3,
                nanos.getValueAtPercentile(99) / 1e3,
                rounds);
    }

    String text() {
        return String.format(Locale.ROOT, "%.1f %.1f %.1f %d", rate, p50, p99, rounds);
    }

    static Figures parse(String text) {
        String[] words = text.split(" ");
        return new Figures(
                Double.parseDouble(words[0]),
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]),
                Long.parseLong(words[3]));
    }
}
