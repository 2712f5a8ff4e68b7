/** Admits, dispatches, replies; decides nothing. */
@NullMarked
package dev.lockstep.cluster.server;

import org.jspecify.annotations.NullMarked;
