/** Fixtures of tests of a real cluster: node processes, ports, a network that can be harmed, and waiting. */
@NullMarked
package dev.lockstep.cluster.testing;

import org.jspecify.annotations.NullMarked;
