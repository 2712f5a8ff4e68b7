/** The time that a log goes by, which no single clock can move. */
@NullMarked
package dev.lockstep.cluster.clock;

import org.jspecify.annotations.NullMarked;
