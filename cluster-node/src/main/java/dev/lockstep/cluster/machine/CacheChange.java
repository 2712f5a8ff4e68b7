package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.EntryChange;

/** An entry's change, and the cache it happened in. */
public record CacheChange(int cacheId, EntryChange change) {

    /** Returns whether no request has removed the entry: it was evicted, or has expired. */
    public boolean isUnasked() {
        return change.kind() == EntryChange.Kind.EVICTED || change.kind() == EntryChange.Kind.EXPIRED;
    }
}
