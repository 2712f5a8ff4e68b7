/** Clients of JCache that put load on a cluster of processes, and the checks of what they were told. */
@NullMarked
package dev.lockstep.system.load;

import org.jspecify.annotations.NullMarked;
