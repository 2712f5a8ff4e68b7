/** The control group: which caches exist, which node is drained, and the layout. */
@NullMarked
package dev.lockstep.cluster.control;

import org.jspecify.annotations.NullMarked;
