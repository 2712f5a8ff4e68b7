package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Sample;
import java.util.Locale;

/**
 * The figures that the callers of a load observed.
 *
 * @param rate puts a second
 * @param p50 microseconds within which half of the puts were done
 * @param p99 microseconds within which 99 of 100 were done
 * @param rounds how many there were, each of one or more puts
 */
record Figures(double rate, double p50, double p99, long rounds) {

    static Figures of(Sample sample, long rounds) {
        return new Figures(sample.rate(), sample.p50(), sample.p99(), rounds);
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
