/** Fuzzing: inputs that are kept and replayed, what a target may allocate, and the long run. */
@NullMarked
package dev.lockstep.protocol.fuzz;

import org.jspecify.annotations.NullMarked;
