/** Immutable requests and replies, and their bytes. */
@NullMarked
package dev.lockstep.protocol.wire;

import org.jspecify.annotations.NullMarked;
