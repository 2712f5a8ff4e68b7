/** The first program of the README, and the same as a client of nodes. */
@NullMarked
package dev.lockstep.samples.plain;

import org.jspecify.annotations.NullMarked;
