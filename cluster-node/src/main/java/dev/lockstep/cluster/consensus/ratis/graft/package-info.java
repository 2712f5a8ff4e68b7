/** What is put into Ratis where it has no way in: its version and shape are checked before. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis.graft;

import org.jspecify.annotations.NullMarked;
