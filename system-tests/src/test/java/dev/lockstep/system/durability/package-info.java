/** Clusters of processes that are killed, lose power, or have a disk that fails, while clients write: what was acknowledged must be there. */
@NullMarked
package dev.lockstep.system.durability;

import org.jspecify.annotations.NullMarked;
