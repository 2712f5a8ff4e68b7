/** The child JVMs of a comparison: started, given orders, and ended with the run. */
@NullMarked
package dev.lockstep.benchmarks.process;

import org.jspecify.annotations.NullMarked;
