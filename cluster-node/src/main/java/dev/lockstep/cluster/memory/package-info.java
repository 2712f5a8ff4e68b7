/** How much of a node's memory its entries take and may take, and whether others have room for what this one is about to propose. */
@NullMarked
package dev.lockstep.cluster.memory;

import org.jspecify.annotations.NullMarked;
