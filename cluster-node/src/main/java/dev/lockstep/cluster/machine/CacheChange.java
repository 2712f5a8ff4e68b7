package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.EntryChange;

/** An entry's change, and the cache it happened in. */
public record CacheChange(int cacheId, EntryChange change) {

    /** Returns whether the shard has removed the entry by itself. */
    public boolean isExpiryOrEviction() {
        return change.kind() == EntryChange.Kind.EVICTED || change.kind() == EntryChange.Kind.EXPIRED;
    }
}
