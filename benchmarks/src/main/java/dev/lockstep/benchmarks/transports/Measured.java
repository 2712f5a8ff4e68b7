package dev.lockstep.benchmarks.transports;

/**
 * One load on one contender.
 *
 * @param cpuSeconds of all its JVMs, that of the callers included
 * @param seconds it took
 * @param flushes a second of the device that its logs are on
 */
record Measured(Figures figures, double cpuSeconds, double seconds, double flushes) {

    double rate() {
        return figures.rate();
    }

    double p50() {
        return figures.p50();
    }

    double p99() {
        return figures.p99();
    }

    /** CPU seconds for 1000 rounds. */
    double cpuOfRounds() {
        return cpuSeconds * 1000 / figures.rounds();
    }

    /** The number of cores kept busy: where that is nearly all the machine has, the rate is limited by CPU. */
    double cores() {
        return cpuSeconds / seconds;
    }
}
