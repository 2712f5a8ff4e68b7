package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.EntryChange;

/** An entry's change, and the cache it happened in. */
public record CacheChange(int cacheId, EntryChange change) {}
