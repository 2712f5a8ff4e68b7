package dev.lockstep.benchmarks.warm;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A second of load.
 *
 * @param rate operations in it
 * @param end since the nodes were started
 * @param cpu of the nodes from their start to its end
 */
record Second(double rate, Duration end, Duration cpu) {

    /** The last seconds, whose median rate counts as steady. */
    private static final int STEADY = 15;

    /** The seconds over which a rate is averaged: one that a single collection of garbage stops says nothing. */
    private static final int TOGETHER = 3;

    private static final double NEARLY = 0.9;

    /** @param seconds a load from its first second on, at least {@value #STEADY} */
    static double steadyRate(List<Second> seconds) {
        double[] last = seconds.subList(seconds.size() - STEADY, seconds.size()).stream()
                .mapToDouble(Second::rate)
                .sorted()
                .toArray();
        return last[STEADY / 2];
    }

    /**
     * Returns the second with which the rate first was nine tenths of a steady one, over {@value #TOGETHER} seconds; the last if it never
     * was.
     *
     * @param seconds a load from its first second on, not empty
     */
    static Second nearly(double steadyRate, List<Second> seconds) {
        double[] rates = seconds.stream().mapToDouble(Second::rate).toArray();
        for (int from = 0; from + TOGETHER <= rates.length; from++) {
            if (Arrays.stream(rates, from, from + TOGETHER).average().orElseThrow() >= NEARLY * steadyRate) {
                return seconds.get(from + TOGETHER - 1);
            }
        }
        return seconds.get(seconds.size() - 1);
    }
}
