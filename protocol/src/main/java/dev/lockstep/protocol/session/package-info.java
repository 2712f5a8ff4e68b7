/** A client's session: request ids for exactly-once writes, positions for monotonic reads, leases, subscriptions. */
@NullMarked
package dev.lockstep.protocol.session;

import org.jspecify.annotations.NullMarked;
