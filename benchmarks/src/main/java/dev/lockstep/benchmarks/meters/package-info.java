/** The cost of the nodes' meters. */
@NullMarked
package dev.lockstep.benchmarks.meters;

import org.jspecify.annotations.NullMarked;
