package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The entries of a shard in a column family of RocksDB, those in use above it in the {@link HotTier}. Writes are
 * buffered until the commit, which writes them as one batch, then changes the hot tier, and only then clears the
 * buffer: so a reader that looks there first, then into the hot tier, then into RocksDB finds nothing older than the
 * last commit.
 */
final class RocksStore implements ShardStore {

    /** In the place of an entry that is to be removed. */
    private static final StoredEntry REMOVED = new StoredEntry(Bytes.EMPTY, 0, 0);

    private static final int KEYS_AT_ONCE = 1_024;

    private final RocksFamily family;
    private final WriteOptions options;
    private final HotTier hot;
    private final RocksDeadlines dues;
    private final Map<Integer, RocksSum> sums = new ConcurrentHashMap<>();
    /**
     * The owner of a cache's entries in the hot tier; another object once it was cleared, so that they are found no
     * more.
     */
    private final Map<Integer, Object> inHotTier = new ConcurrentHashMap<>();
    // Since the last commit; only the writer changes them
    private final Map<Integer, Map<Bytes, StoredEntry>> written = new ConcurrentHashMap<>();
    private final Set<Integer> cleared = ConcurrentHashMap.newKeySet();
    private final Map<Integer, RocksSum> added = new HashMap<>();
    private final Map<Bytes, MetadataRecord> metadata = new HashMap<>();

    private static final MetadataRecord DELETED = () -> RocksKeys.NOTHING;

    /** Opens the store as the family was left. */
    RocksStore(RocksFamily family, WriteOptions options, HotTier hot) {
        this.family = family;
        this.options = options;
        this.hot = hot;
        this.dues = new RocksDeadlines(family);
        byte[] all = RocksKeys.all(RocksKeys.COUNT);
        family.scan(
                all,
                RocksKeys.after(all),
                null,
                (key, value) -> sums.put(RocksKeys.cacheId(key), RocksSum.decode(value)));
        sums.replaceAll((cacheId, sum) -> sum.isWithoutBytes() ? addedUp(cacheId) : sum);
    }

    /** Adds up what an earlier version has counted and not added up. */
    private RocksSum addedUp(int cacheId) {
        RocksSum[] all = {RocksSum.NONE};
        forEach(cacheId, (key, entry) -> all[0] = all[0].plus(RocksSum.of(key, entry)));
        return all[0];
    }

    RocksFamily family() {
        return family;
    }

    @Override
    public @Nullable StoredEntry get(int cacheId, Bytes key) {
        StoredEntry fresh = written.getOrDefault(cacheId, Map.of()).get(key);
        if (fresh != null) {
            return fresh == REMOVED ? null : fresh;
        }
        return cleared.contains(cacheId) ? null : committed(cacheId, key);
    }

    private @Nullable StoredEntry committed(int cacheId, Bytes key) {
        return hot.get(inHotTier(cacheId), key, () -> {
            byte[] value = family.get(RocksKeys.entry(cacheId, key));
            return value == null ? null : RocksKeys.entry(value);
        });
    }

    private Object inHotTier(int cacheId) {
        Object known = inHotTier.get(cacheId);
        return known != null ? known : inHotTier.computeIfAbsent(cacheId, id -> new Object());
    }

    @Override
    public @Nullable StoredEntry put(int cacheId, Bytes key, StoredEntry entry) {
        StoredEntry old = get(cacheId, key);
        written.computeIfAbsent(cacheId, id -> new ConcurrentHashMap<>()).put(key, entry);
        RocksSum more = RocksSum.of(key, entry);
        added.merge(cacheId, old == null ? more : more.minus(RocksSum.of(key, old)), RocksSum::plus);
        notDue(cacheId, key, old);
        if (entry.deadlineMillis() != Deadline.NEVER) {
            dues.add(new Deadline(entry.deadlineMillis(), cacheId, key));
        }
        return old;
    }

    @Override
    public @Nullable StoredEntry remove(int cacheId, Bytes key) {
        StoredEntry old = get(cacheId, key);
        if (old != null) {
            written.computeIfAbsent(cacheId, id -> new ConcurrentHashMap<>()).put(key, REMOVED);
            added.merge(cacheId, RocksSum.NONE.minus(RocksSum.of(key, old)), RocksSum::plus);
            notDue(cacheId, key, old);
        }
        return old;
    }

    private void notDue(int cacheId, Bytes key, @Nullable StoredEntry old) {
        if (old != null && old.deadlineMillis() != Deadline.NEVER) {
            dues.remove(new Deadline(old.deadlineMillis(), cacheId, key));
        }
    }

    @Override
    public void clear(int cacheId) {
        cleared.add(cacheId);
        written.remove(cacheId);
        added.remove(cacheId);
        dues.clear(cacheId);
    }

    @Override
    public long count(int cacheId) {
        return sum(cacheId).entries();
    }

    @Override
    public long bytes(int cacheId) {
        return sum(cacheId).bytes();
    }

    private RocksSum sum(int cacheId) {
        return sums.getOrDefault(cacheId, RocksSum.NONE);
    }

    @Override
    public List<Bytes> keysAfter(int cacheId, @Nullable Bytes after, int limit) {
        byte[] all = RocksKeys.cache(RocksKeys.ENTRY, cacheId);
        byte[] end = RocksKeys.after(all);
        List<Bytes> page = new ArrayList<>();
        // One more: the one after which it begins may be there.
        for (byte[] key : family.keys(after == null ? all : RocksKeys.entry(cacheId, after), end, limit + 1L)) {
            Bytes found = RocksKeys.entryKey(key);
            if ((after == null || !found.equals(after)) && page.size() < limit) {
                page.add(found);
            }
        }
        return page;
    }

    @Override
    public Iterator<Bytes> keys(int cacheId) {
        return new Iterator<>() {
            private Iterator<Bytes> page =
                    keysAfter(cacheId, null, KEYS_AT_ONCE).iterator();
            private @Nullable Bytes last;

            @Override
            public boolean hasNext() {
                if (!page.hasNext() && last != null) {
                    page = keysAfter(cacheId, last, KEYS_AT_ONCE).iterator();
                }
                return page.hasNext();
            }

            @Override
            public Bytes next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Bytes next = page.next();
                last = next;
                return next;
            }
        };
    }

    @Override
    public void forEach(int cacheId, BiConsumer<Bytes, StoredEntry> entry) {
        Map<Bytes, StoredEntry> fresh = written.getOrDefault(cacheId, Map.of());
        fresh.forEach((key, value) -> {
            if (value != REMOVED) {
                entry.accept(key, value);
            }
        });
        if (!cleared.contains(cacheId)) {
            byte[] all = RocksKeys.cache(RocksKeys.ENTRY, cacheId);
            family.scan(all, RocksKeys.after(all), null, (rowKey, value) -> {
                Bytes key = RocksKeys.entryKey(rowKey);
                if (!fresh.containsKey(key)) {
                    entry.accept(key, RocksKeys.entry(value));
                }
            });
        }
    }

    @Override
    public @Nullable Deadline firstDue() {
        return dues.first();
    }

    // Batches

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public void putMetadata(Bytes key, MetadataRecord record) {
        metadata.put(key, record);
    }

    @Override
    public void deleteMetadata(Bytes key) {
        metadata.put(key, DELETED);
    }

    @Override
    public void metadata(BiConsumer<byte[], byte[]> keyAndRecord) {
        RocksImage.metadata(family, null, keyAndRecord);
    }

    @Override
    public void commit() {
        cleared.forEach(sums::remove);
        added.forEach((cacheId, more) -> sums.merge(cacheId, more, RocksSum::plusOrNull));
        family.use((db, handle) -> {
            try (WriteBatch batch = new WriteBatch()) {
                write(batch, handle);
                db.write(options, batch);
                return batch;
            }
        });
        cleared.forEach(inHotTier::remove);
        written.forEach((cacheId, entries) -> {
            Object of = inHotTier(cacheId);
            entries.forEach((key, entry) -> {
                if (entry == REMOVED) {
                    hot.remove(of, key);
                } else {
                    hot.put(of, key, entry);
                }
            });
        });
        written.clear();
        cleared.clear();
        added.clear();
        metadata.clear();
        dues.committed();
    }

    private void write(WriteBatch batch, ColumnFamilyHandle handle) throws RocksDBException {
        for (int cacheId : cleared) {
            byte[] from = RocksKeys.cache(RocksKeys.ENTRY, cacheId);
            batch.deleteRange(handle, from, RocksKeys.after(from));
            batch.delete(handle, RocksKeys.cache(RocksKeys.COUNT, cacheId));
        }
        for (Map.Entry<Integer, Map<Bytes, StoredEntry>> cache : written.entrySet()) {
            for (Map.Entry<Bytes, StoredEntry> entry : cache.getValue().entrySet()) {
                byte[] key = RocksKeys.entry(cache.getKey(), entry.getKey());
                if (entry.getValue() == REMOVED) {
                    batch.delete(handle, key);
                } else {
                    batch.put(handle, key, RocksKeys.value(entry.getValue()));
                }
            }
        }
        dues.write(batch, handle);
        for (int cacheId : added.keySet()) {
            batch.put(
                    handle,
                    RocksKeys.cache(RocksKeys.COUNT, cacheId),
                    sum(cacheId).encode());
        }
        for (Map.Entry<Bytes, MetadataRecord> record : metadata.entrySet()) {
            byte[] key = RocksKeys.metadata(record.getKey());
            if (record.getValue() == DELETED) {
                batch.delete(handle, key);
            } else {
                batch.put(handle, key, record.getValue().encode());
            }
        }
    }

    /** May be taken, and used, by any thread, and there may be others. */
    @Override
    public Image image() {
        return new RocksImage(family);
    }
}
