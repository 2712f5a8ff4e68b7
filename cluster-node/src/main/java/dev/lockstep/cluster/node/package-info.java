/** Wires the rooms, starts and closes them. */
@NullMarked
package dev.lockstep.cluster.node;

import org.jspecify.annotations.NullMarked;
