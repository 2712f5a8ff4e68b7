/** The program {@code lockstep}: runs a node, and operates a cluster from outside, as a client like any other. */
@NullMarked
package dev.lockstep.cli;

import org.jspecify.annotations.NullMarked;
