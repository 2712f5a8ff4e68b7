package dev.lockstep.protocol.wire;

/** The way in which callers run entry processors on entries that exist. Either way each is atomic on its entry. */
public enum EntryProcessing {
    /** Under the entry's lease: callers queue, and a processor runs again only if a plain write came between. */
    LEASED,
    /**
     * First without a lease, on what the nearest replica has; again under the lease if the entry was another by then. For processors
     * without side effects.
     */
    OPTIMISTIC
}
