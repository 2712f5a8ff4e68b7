/** The control group: which caches exist. */
@NullMarked
package dev.lockstep.cluster.control;

import org.jspecify.annotations.NullMarked;
