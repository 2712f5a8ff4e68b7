/** The only door to clock, randomness and threads, so that everything above can be simulated from a seed. */
@NullMarked
package dev.lockstep.protocol.runtime;

import org.jspecify.annotations.NullMarked;
