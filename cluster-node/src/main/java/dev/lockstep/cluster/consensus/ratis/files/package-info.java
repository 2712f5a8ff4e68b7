/** The files of one replica's Raft log: what Ratis wrote, the watermark beside it, and the repair of a torn tail. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis.files;

import org.jspecify.annotations.NullMarked;
