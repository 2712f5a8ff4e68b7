/** Deliberate defects, planted in a copy of the code, which the suites must catch: so we know that the suites can fail. */
@NullMarked
package dev.lockstep.cluster.planted;

import org.jspecify.annotations.NullMarked;
