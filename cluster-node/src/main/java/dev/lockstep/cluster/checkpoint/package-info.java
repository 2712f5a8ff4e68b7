/** Checkpoints of a replica: written, verified, kept, and sent to replicas that are behind. */
@NullMarked
package dev.lockstep.cluster.checkpoint;

import org.jspecify.annotations.NullMarked;
