package dev.lockstep.benchmarks.transports;

import java.util.List;

/**
 * The effort of a measurement.
 *
 * @param warmUpSeconds of each load on each contender, before any is measured
 * @param rounds how often each load is measured on each contender
 * @param seconds of each measurement
 * @param restSeconds for what contenders cost at rest
 */
record Effort(int warmUpSeconds, int rounds, int seconds, int restSeconds, List<Load> loads) {

    Effort {
        loads = List.copyOf(loads);
    }
}
