/** The entries of a shard. */
@NullMarked
package dev.lockstep.cluster.store;

import org.jspecify.annotations.NullMarked;
