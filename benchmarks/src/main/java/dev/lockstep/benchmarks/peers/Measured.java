package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Outcome;

/**
 * One load on one deployment.
 *
 * @param cpu microseconds of CPU for an operation, of all processes, that of the callers included
 */
record Measured(Outcome outcome, double cpu) {

    double rate() {
        return outcome.rate();
    }

    double p50() {
        return outcome.p50();
    }

    double p99() {
        return outcome.p99();
    }
}
