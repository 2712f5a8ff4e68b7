/** A Raft log for Ratis that the appending thread writes, in Ratis' own segment files, synced by one thread of the node. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis.log;

import org.jspecify.annotations.NullMarked;
