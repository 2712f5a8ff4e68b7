package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a shard together with what must always agree with them: the tombstones and the checksum.
 * Written by the apply thread only.
 */
final class Entries {

    private final ShardStore store;
    private final Tombstones tombstones;
    private long checksum;

    Entries(ShardStore store, MachineMetadata kept) {
        this.store = store;
        this.tombstones = new Tombstones(kept);
    }

    @Nullable
    StoredEntry get(int cacheId, Bytes key) {
        return store.get(cacheId, key);
    }

    void put(int cacheId, Bytes key, StoredEntry entry) {
        StoredEntry old = store.put(cacheId, key, entry);
        if (old != null) {
            checksum -= hash(cacheId, key, old);
        }
        checksum += hash(cacheId, key, entry);
    }

    /** @param version of the removal */
    void remove(int cacheId, Bytes key, long version, long logTimeMillis) {
        StoredEntry old = store.remove(cacheId, key);
        if (old != null) {
            checksum -= hash(cacheId, key, old);
            tombstones.present(cacheId, key, version, logTimeMillis);
        }
    }

    /**
     * Removes an entry that is over. A reader whose clock is ahead of log time may already have observed the expiry:
     * its {@code AbsentSince} condition must still hold, so the tombstone takes the version of the entry, or of its
     * last touch.
     */
    void expire(int cacheId, Bytes key, long logTimeMillis) {
        StoredEntry old = store.remove(cacheId, key);
        if (old != null) {
            checksum -= hash(cacheId, key, old);
            tombstones.present(cacheId, key, old.version(), logTimeMillis);
        }
    }

    /**
     * Gives an entry another deadline. It may have been seen as over before and lives on: so there is a tombstone of it.
     *
     * @param version of the touch
     */
    void touch(int cacheId, Bytes key, StoredEntry entry, long version, long logTimeMillis) {
        put(cacheId, key, entry);
        tombstones.present(cacheId, key, version, logTimeMillis);
    }

    /** Removes all entries of a cache, and answers whether there were any. */
    boolean clear(int cacheId, long version) {
        Cleared cleared = new Cleared(cacheId);
        store.forEach(cacheId, cleared);
        checksum -= cleared.checksum;
        store.clear(cacheId);
        tombstones.cleared(cacheId, version);
        return cleared.any;
    }

    private static final class Cleared implements BiConsumer<Bytes, StoredEntry> {
        private final int cacheId;
        private long checksum;
        private boolean any;

        Cleared(int cacheId) {
            this.cacheId = cacheId;
        }

        @Override
        public void accept(Bytes key, StoredEntry entry) {
            checksum += hash(cacheId, key, entry);
            any = true;
        }
    }

    /** Removes all entries of a cache that is no more. */
    void drop(int cacheId, long version) {
        clear(cacheId, version);
        tombstones.dropped(cacheId);
    }

    /** Tells of an absent key whether it has certainly been absent ever since {@code version}. */
    boolean absentSince(int cacheId, Bytes key, long version) {
        return tombstones.absentSince(cacheId, key, version);
    }

    /** The metadata that has to be persisted besides the entries and can't be derived from them. */
    List<ShardRecord> records() {
        return tombstones.records();
    }

    void restore(ShardRecord.Entry record) {
        put(record.cacheId(), record.key(), record.entry());
    }

    void restore(ShardRecord.Tombstone record) {
        tombstones.restore(record);
    }

    void restore(ShardRecord.Horizon record) {
        tombstones.restore(record);
    }

    ShardStore.Image image() {
        return store.image();
    }

    /** Goes on with the entries that the store has. */
    void continued(long checksumOfAll) {
        checksum = checksumOfAll;
    }

    /** The entry that is due first, if that is by {@code logTimeMillis}. */
    @Nullable
    Deadline firstDue(long logTimeMillis) {
        Deadline first = store.firstDue();
        return first != null && first.deadlineMillis() <= logTimeMillis ? first : null;
    }

    /** The earliest deadline; {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMillis() {
        Deadline first = store.firstDue();
        return first == null ? Long.MAX_VALUE : first.deadlineMillis();
    }

    /** The sum of all entries' hashes: whatever the order of changes, equal entries have equal checksums. */
    long checksum() {
        return checksum;
    }

    private static long hash(int cacheId, Bytes key, StoredEntry entry) {
        long hash = mix(key.hash64() + cacheId);
        hash = mix(hash ^ entry.value().hash64());
        hash = mix(hash ^ entry.version());
        return mix(hash ^ entry.deadlineMillis());
    }

    /** The finalizer of MurmurHash3. */
    private static long mix(long value) {
        long mixed = (value ^ (value >>> 33)) * 0xFF51AFD7ED558CCDL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return mixed ^ (mixed >>> 33);
    }
}
