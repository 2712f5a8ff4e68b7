/** Pure and deterministic: (state, log time, command) → outcome and changes. */
@NullMarked
package dev.lockstep.cluster.machine;

import org.jspecify.annotations.NullMarked;
