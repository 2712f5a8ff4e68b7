/** {@code ./lockstep-bench moves}: nodes join, are drained, fail and are replaced while a client puts. */
@NullMarked
package dev.lockstep.benchmarks.moves;

import org.jspecify.annotations.NullMarked;
