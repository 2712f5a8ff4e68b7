/** {@code ./lockstep-bench transports} and {@code rounds}: what carries Raft, and its logs, side by side in one run. */
@NullMarked
package dev.lockstep.benchmarks.transports;

import org.jspecify.annotations.NullMarked;
