/**
 * A cluster in one thread: simulated time, threads, network, disks and logs, all from one seed. A run is a pure
 * function of the code, the scenario and the seed. Its use is described in {@code docs/testing.md}.
 */
@NullMarked
package dev.lockstep.cluster.simulation;

import org.jspecify.annotations.NullMarked;
