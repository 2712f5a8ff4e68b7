/** The port: a replicated log as we need it. */
@NullMarked
package dev.lockstep.cluster.consensus;

import org.jspecify.annotations.NullMarked;
