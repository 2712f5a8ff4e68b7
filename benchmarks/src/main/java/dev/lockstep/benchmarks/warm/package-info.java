/** {@code ./lockstep-bench warm}: how long nodes of the archive take until they are as fast as they will be. */
@NullMarked
package dev.lockstep.benchmarks.warm;

import org.jspecify.annotations.NullMarked;
