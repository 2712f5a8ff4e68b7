/** The control group: which caches exist, and which node is drained. */
@NullMarked
package dev.lockstep.cluster.control;

import org.jspecify.annotations.NullMarked;
