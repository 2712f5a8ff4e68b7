package dev.lockstep.cluster.store.rocks;

import dev.lockstep.cluster.store.Deadline;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The entries of a shard by deadline, on the disk: of each cache the first is known here, and looked for only when that one is
 * gone, from there on, so that what was removed before it is not passed again. Used by the store's writer only.
 */
final class RocksDeadlines {

    private static final Comparator<Deadline> BY_CACHE =
            Comparator.comparingInt(Deadline::cacheId).thenComparing(Deadline.BY_TIME);

    private final RocksFamily family;
    private final Map<Integer, Deadline> firsts = new HashMap<>();
    private final TreeSet<Deadline> firstsByTime = new TreeSet<>(Deadline.BY_TIME);
    // Since the last commit
    private final TreeSet<Deadline> added = new TreeSet<>(BY_CACHE);
    private final Set<Deadline> removed = new HashSet<>();
    private final Set<Integer> cleared = new HashSet<>();

    RocksDeadlines(RocksFamily family) {
        this.family = family;
        byte[] end = RocksKeys.after(RocksKeys.all(RocksKeys.DUE));
        List<byte[]> next = family.keys(RocksKeys.all(RocksKeys.DUE), end, 1);
        while (!next.isEmpty()) {
            Deadline first = RocksKeys.due(next.get(0));
            first(first.cacheId(), first);
            byte[] others = RocksKeys.after(RocksKeys.cache(RocksKeys.DUE, first.cacheId()));
            next = family.keys(others, end, 1);
        }
    }

    void add(Deadline due) {
        added.add(due);
        removed.remove(due);
        Deadline first = firsts.get(due.cacheId());
        if (first == null || BY_CACHE.compare(due, first) < 0) {
            first(due.cacheId(), due);
        }
    }

    void remove(Deadline due) {
        added.remove(due);
        removed.add(due);
        if (due.equals(firsts.get(due.cacheId()))) {
            first(due.cacheId(), firstFrom(due));
        }
    }

    void clear(int cacheId) {
        added.removeIf(due -> due.cacheId() == cacheId);
        removed.removeIf(due -> due.cacheId() == cacheId);
        cleared.add(cacheId);
        first(cacheId, null);
    }

    @Nullable
    Deadline first() {
        return firstsByTime.isEmpty() ? null : firstsByTime.first();
    }

    private void first(int cacheId, @Nullable Deadline first) {
        Deadline before = first == null ? firsts.remove(cacheId) : firsts.put(cacheId, first);
        if (before != null) {
            firstsByTime.remove(before);
        }
        if (first != null) {
            firstsByTime.add(first);
        }
    }

    /** The first of a cache, if none is before {@code least}. */
    private @Nullable Deadline firstFrom(Deadline least) {
        Deadline here = added.ceiling(least);
        Deadline fresh = here != null && here.cacheId() == least.cacheId() ? here : null;
        Deadline stored = cleared.contains(least.cacheId()) ? null : stored(least);
        return fresh == null || (stored != null && BY_CACHE.compare(stored, fresh) < 0) ? stored : fresh;
    }

    private @Nullable Deadline stored(Deadline least) {
        byte[] end = RocksKeys.after(RocksKeys.cache(RocksKeys.DUE, least.cacheId()));
        byte[] from = RocksKeys.due(least);
        // Those that are gone since the last commit are still there, and at most so many.
        for (int limit = 2; ; limit *= 4) {
            List<byte[]> keys = family.keys(from, end, limit);
            for (byte[] key : keys) {
                Deadline due = RocksKeys.due(key);
                if (!removed.contains(due)) {
                    return due;
                }
            }
            if (keys.size() < limit) {
                return null;
            }
            from = keys.get(keys.size() - 1);
        }
    }

    void write(WriteBatch batch, ColumnFamilyHandle handle) throws RocksDBException {
        for (int cacheId : cleared) {
            byte[] from = RocksKeys.cache(RocksKeys.DUE, cacheId);
            batch.deleteRange(handle, from, RocksKeys.after(from));
        }
        for (Deadline due : removed) {
            batch.delete(handle, RocksKeys.due(due));
        }
        for (Deadline due : added) {
            batch.put(handle, RocksKeys.due(due), RocksKeys.NOTHING);
        }
    }

    void committed() {
        added.clear();
        removed.clear();
        cleared.clear();
    }
}
