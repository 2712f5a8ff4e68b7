/** JMH benchmarks and a driver of three nodes; what they found is in {@code docs/performance.md}. */
package dev.lockstep.benchmarks;
