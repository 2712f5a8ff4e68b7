/** The bytes of checkpoints: written, verified, kept, and sent to who is behind. */
@NullMarked
package dev.lockstep.cluster.snapshot;

import org.jspecify.annotations.NullMarked;
