/** One hosted replica: propose, read, refuse, lease. */
@NullMarked
package dev.lockstep.cluster.shard;

import org.jspecify.annotations.NullMarked;
