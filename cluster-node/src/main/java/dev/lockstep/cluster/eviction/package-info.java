/** Chooses, on the leader of a shard, what a bounded cache loses next; the leader then proposes it. */
@NullMarked
package dev.lockstep.cluster.eviction;

import org.jspecify.annotations.NullMarked;
