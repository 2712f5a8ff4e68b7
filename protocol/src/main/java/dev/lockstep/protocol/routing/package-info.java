/** Sends a request where the map says, and learns from the answer. */
@NullMarked
package dev.lockstep.protocol.routing;

import org.jspecify.annotations.NullMarked;
