/** Fixtures of unit tests: logs, peers and clocks that do what they are told, waiting, and folders. */
@NullMarked
package dev.lockstep.cluster.testing;

import org.jspecify.annotations.NullMarked;
