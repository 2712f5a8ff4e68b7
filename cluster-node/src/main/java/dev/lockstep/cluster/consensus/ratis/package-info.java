/** Replicated logs by Apache Ratis. The only importer of Ratis; holds no policy. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis;

import org.jspecify.annotations.NullMarked;
