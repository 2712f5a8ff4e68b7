/** Fixtures of tests of a real cluster: node processes and their clients, ports, and a network that can be harmed. */
@NullMarked
package dev.lockstep.cluster.testing;

import org.jspecify.annotations.NullMarked;
