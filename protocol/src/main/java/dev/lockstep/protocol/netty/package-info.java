/** Links over TCP. */
@NullMarked
package dev.lockstep.protocol.netty;

import org.jspecify.annotations.NullMarked;
