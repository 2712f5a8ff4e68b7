/** {@code ./lockstep-bench transports}: what carries Raft, and what carries a put, side by side in one run. */
@NullMarked
package dev.lockstep.benchmarks.transports;

import org.jspecify.annotations.NullMarked;
