/** Replaces private parts of Ratis that have no factory, after checking its version and the shape of those parts. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis.graft;

import org.jspecify.annotations.NullMarked;
