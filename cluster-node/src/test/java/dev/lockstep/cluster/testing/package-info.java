/** What tests of a real cluster share: node processes, ports, and a proxy that cuts connections. */
@NullMarked
package dev.lockstep.cluster.testing;

import org.jspecify.annotations.NullMarked;
