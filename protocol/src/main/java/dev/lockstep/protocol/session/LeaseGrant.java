package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.LeaseId;

/**
 * An entry lease that was granted, and the entry as it was then.
 *
 * @param found not confirmed by a quorum: whatever is based on it must be written, or released, under
 *     {@link ReadResult#unchanged}
 */
public record LeaseGrant(LeaseId id, ReadResult found) {}
