package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides which reads have to be recorded because they change an entry's lifetime, and by which mutation. Thread-safe.
 *
 * @param rule of the cache, which the shards evaluate if the expiry leaves it to them
 */
record AccessRecorder(Expiry expiry, ExpiryRule rule) {

    /** Returns whether a read may have to be recorded. */
    boolean recordsReads() {
        return expiry.isCustom() || rule.isAccessBased();
    }

    /** Returns the lifetime of an entry from a read on, asking the policy; {@link Lifetime#UNCHANGED} if the read need not be recorded. */
    Lifetime lifetime() {
        return recordsReads() ? expiry.access() : Lifetime.UNCHANGED;
    }

    /** Returns the mutation that records the read of an entry; null if there is no need to. */
    @Nullable
    Mutation touch(Bytes key, long version) {
        return touch(key, expiry.isCustom() ? new Condition.VersionIs(version) : Condition.ANY);
    }

    /** Returns the mutation that records a read on a condition; null if there is no need to. */
    @Nullable
    Mutation touch(Bytes key, Condition condition) {
        Lifetime lifetime = lifetime();
        return lifetime.equals(Lifetime.UNCHANGED) ? null : Mutation.touch(key, condition, lifetime);
    }

    /** Returns the mutations that record the reads of many entries. */
    List<Mutation> touches(Map<Bytes, EntryRead> entries) {
        List<Mutation> touches = new ArrayList<>();
        entries.forEach((key, entry) -> {
            Mutation touch = touch(key, entry.version());
            if (touch != null) {
                touches.add(touch);
            }
        });
        return touches;
    }
}
