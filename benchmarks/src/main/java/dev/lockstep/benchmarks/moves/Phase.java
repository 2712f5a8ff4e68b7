package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.Outcome;

/**
 * A phase of one repetition.
 *
 * @param seconds from the operator's act until it has come about
 * @param puts those that were to begin meanwhile
 * @param gap seconds of the longest time without a successful put in one of the shards
 * @param failed how many puts failed
 */
record Phase(double seconds, Outcome puts, double gap, long failed) {}
