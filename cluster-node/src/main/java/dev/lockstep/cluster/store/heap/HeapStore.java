package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries on the heap, one concurrent hash map for each cache. A page of keys is selected by one pass over the cache with a
 * heap of the page's size: lookups stay a hash map's, and scanning, which is rare, pays.
 */
public final class HeapStore implements ShardStore {

    /** The factory of stores whose entries are gone with the process. */
    public static final ShardStores FACTORY = shard -> new HeapStore();

    private final StoreMemory memory;
    private final Map<Integer, Map<Bytes, StoredEntry>> caches = new ConcurrentHashMap<>();
    private final Map<Integer, Sums> sums = new ConcurrentHashMap<>();
    private final ExpiryIndex expiry = new ExpiryIndex();
    private volatile @Nullable HeapImage image;

    /** The number and bytes of the entries of a cache. Changed by the writer, read by any. */
    private static final class Sums {
        private final AtomicLong bytes = new AtomicLong();
        private long heapBytes;
    }

    /** Counts for nobody. */
    public HeapStore() {
        this(new StoreMemory(Long.MAX_VALUE));
    }

    HeapStore(StoreMemory memory) {
        this.memory = memory;
    }

    static long heapBytes(Bytes key, StoredEntry entry) {
        return CacheDefinition.ENTRY_OVERHEAD
                + StoreMemory.arrayBytes(key.size())
                + StoreMemory.arrayBytes(entry.value().size());
    }

    private void count(int cacheId, Bytes key, @Nullable StoredEntry old, @Nullable StoredEntry now) {
        Sums sum = sums.computeIfAbsent(cacheId, id -> new Sums());
        long heapBytes = 0;
        if (old != null) {
            sum.bytes.addAndGet(-CacheDefinition.entryBytes(key, old.value()));
            heapBytes -= heapBytes(key, old);
        }
        if (now != null) {
            sum.bytes.addAndGet(CacheDefinition.entryBytes(key, now.value()));
            heapBytes += heapBytes(key, now);
        }
        sum.heapBytes += heapBytes;
        memory.stored(heapBytes);
    }

    /** Counts its entries no more: nothing is written from now on. */
    void retired() {
        sums.values().forEach(sum -> memory.stored(-sum.heapBytes));
    }

    @Override
    public @Nullable StoredEntry get(int cacheId, Bytes key) {
        Map<Bytes, StoredEntry> cache = caches.get(cacheId);
        return cache == null ? null : cache.get(key);
    }

    @Override
    public @Nullable StoredEntry put(int cacheId, Bytes key, StoredEntry entry) {
        memory.require(heapBytes(key, entry));
        keepForImage(cacheId, key);
        StoredEntry old =
                caches.computeIfAbsent(cacheId, id -> new ConcurrentHashMap<>()).put(key, entry);
        count(cacheId, key, old, entry);
        notDue(cacheId, key, old);
        expiry.add(cacheId, key, entry.deadlineMillis());
        return old;
    }

    @Override
    public @Nullable StoredEntry remove(int cacheId, Bytes key) {
        keepForImage(cacheId, key);
        Map<Bytes, StoredEntry> cache = caches.get(cacheId);
        StoredEntry old = cache == null ? null : cache.remove(key);
        count(cacheId, key, old, null);
        notDue(cacheId, key, old);
        return old;
    }

    private void notDue(int cacheId, Bytes key, @Nullable StoredEntry old) {
        if (old != null) {
            expiry.remove(cacheId, key, old.deadlineMillis());
        }
    }

    @Override
    public long count(int cacheId) {
        Map<Bytes, StoredEntry> cache = caches.get(cacheId);
        return cache == null ? 0 : cache.size();
    }

    @Override
    public long bytes(int cacheId) {
        Sums sum = sums.get(cacheId);
        return sum == null ? 0 : sum.bytes.get();
    }

    @Override
    public List<Bytes> keysAfter(int cacheId, @Nullable Bytes after, int limit) {
        PriorityQueue<Bytes> smallest = new PriorityQueue<>(Comparator.reverseOrder());
        for (Bytes key : caches.getOrDefault(cacheId, Map.of()).keySet()) {
            boolean late = after == null || key.compareTo(after) > 0;
            if (late && (smallest.size() < limit || key.compareTo(smallest.peek()) < 0)) {
                smallest.add(key);
                if (smallest.size() > limit) {
                    smallest.poll();
                }
            }
        }
        List<Bytes> page = new ArrayList<>(smallest);
        Collections.sort(page);
        return page;
    }

    @Override
    public Iterator<Bytes> keys(int cacheId) {
        return caches.getOrDefault(cacheId, Map.of()).keySet().iterator();
    }

    @Override
    public void forEach(int cacheId, BiConsumer<Bytes, StoredEntry> entry) {
        caches.getOrDefault(cacheId, Map.of()).forEach(entry);
    }

    @Override
    public void clear(int cacheId) {
        Sums sum = sums.remove(cacheId);
        long heapBytes = sum == null ? 0 : sum.heapBytes;
        HeapImage open = image;
        if (open != null) {
            open.cleared(cacheId, heapBytes);
        }
        memory.stored(-heapBytes);
        caches.remove(cacheId);
        expiry.removeCache(cacheId);
    }

    @Override
    public @Nullable Deadline firstDue() {
        return expiry.first();
    }

    @Override
    public Image image() {
        if (image != null) {
            throw new IllegalStateException("There is an image that has not been closed");
        }
        HeapImage taken = new HeapImage(caches, memory, () -> image = null);
        image = taken;
        return taken;
    }

    private void keepForImage(int cacheId, Bytes key) {
        HeapImage open = image;
        if (open != null) {
            open.changes(cacheId, key, get(cacheId, key));
        }
    }
}
