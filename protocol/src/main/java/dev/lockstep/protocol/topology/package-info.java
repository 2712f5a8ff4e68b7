/** Members, slots and shards, as versioned values. */
@NullMarked
package dev.lockstep.protocol.topology;

import org.jspecify.annotations.NullMarked;
