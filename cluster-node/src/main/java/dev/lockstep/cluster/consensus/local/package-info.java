/** A log of one node, in memory. */
@NullMarked
package dev.lockstep.cluster.consensus.local;

import org.jspecify.annotations.NullMarked;
