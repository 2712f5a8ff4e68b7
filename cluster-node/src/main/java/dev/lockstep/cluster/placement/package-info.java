/** Plans which nodes host which shard, from the present assignment; pure. */
@NullMarked
package dev.lockstep.cluster.placement;

import org.jspecify.annotations.NullMarked;
