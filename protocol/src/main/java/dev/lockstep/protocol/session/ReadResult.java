package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import org.jspecify.annotations.Nullable;

/**
 * The result of reading one key.
 *
 * @param entry null when there is none
 * @param lastVersion the shard's last version at the read
 */
public record ReadResult(@Nullable EntryRead entry, long lastVersion) {

    /** The condition that the entry was not changed since it was read. */
    public Condition unchanged() {
        return entry == null ? new Condition.AbsentSince(lastVersion) : new Condition.VersionIs(entry.version());
    }
}
