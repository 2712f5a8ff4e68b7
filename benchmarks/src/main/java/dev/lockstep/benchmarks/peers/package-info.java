/** {@code ./lockstep-bench peers}: JCache providers compared with each other, each in processes of its own, one after another. */
@NullMarked
package dev.lockstep.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
