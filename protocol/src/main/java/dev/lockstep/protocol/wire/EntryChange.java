package dev.lockstep.protocol.wire;

import org.jspecify.annotations.Nullable;

/**
 * One change of one entry, as every replica applied it. Changes of a key come in the order of their versions.
 *
 * @param value the new value; null when the entry is gone
 * @param old the value before; null when there was none
 * @param version rises with each change in a shard
 */
public record EntryChange(
        Kind kind,
        Bytes key,
        @Nullable Bytes value,
        @Nullable Bytes old,
        long version) {

    /** The cause of a change. */
    public enum Kind {
        CREATED,
        UPDATED,
        REMOVED,
        EXPIRED,
        /** Pushed out by the cache's bound; no JCache event. */
        EVICTED,
        /** All entries of the cache in this shard are gone; key is empty; no JCache event. */
        CLEARED
    }
}
