package dev.lockstep.benchmarks;

/**
 * The measurements of one run of a workload.
 *
 * @param rate operations a second
 * @param p50 microseconds within which half of the operations were done
 * @param p99 microseconds within which 99 of 100 were done
 * @param cpu microseconds of CPU for an operation, client and nodes together
 */
public record Sample(double rate, double p50, double p99, double cpu) {}
