/** The rejoin protocol of a replica that has lost its vote or acknowledged entries. Knows nothing of Ratis. */
@NullMarked
package dev.lockstep.cluster.consensus.recovery;

import org.jspecify.annotations.NullMarked;
