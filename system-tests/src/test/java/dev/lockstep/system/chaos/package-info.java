/** Clients of JCache on clusters of processes that are harmed meanwhile; what they were told is recorded and judged. */
@NullMarked
package dev.lockstep.system.chaos;

import org.jspecify.annotations.NullMarked;
