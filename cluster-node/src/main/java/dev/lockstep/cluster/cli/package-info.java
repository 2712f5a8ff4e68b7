/** What operators tell a cluster from outside; a client like any other. */
@NullMarked
package dev.lockstep.cluster.cli;

import org.jspecify.annotations.NullMarked;
