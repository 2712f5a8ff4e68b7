/** The control group: which caches exist, which node is drained, the layout, and who may do what. */
@NullMarked
package dev.lockstep.cluster.control;

import org.jspecify.annotations.NullMarked;
