/** The meters of three nodes, compared with what a client has done with them. */
@NullMarked
package dev.lockstep.system.meters;

import org.jspecify.annotations.NullMarked;
