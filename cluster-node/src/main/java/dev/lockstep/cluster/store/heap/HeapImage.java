package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a {@link HeapStore} at one moment, without a copy of them: the writer puts what it is about to change
 * aside before it does, and the reader takes that instead of what it finds. A reader that has found an entry and only
 * then looks aside sees either that nothing of the key was put there, and so the entry is the old one, or the old one
 * itself.
 *
 * <p>One thread writes and one reads. At most as much is put aside as the store held.
 */
final class HeapImage implements ShardStore.Image {

    /** Put aside where there was none. */
    private static final StoredEntry NONE = new StoredEntry(Bytes.EMPTY, 0, Long.MAX_VALUE);

    private final Map<Integer, Map<Bytes, StoredEntry>> caches;
    /** The first of each key since the moment; {@link #NONE} for none. */
    private final Map<Integer, Map<Bytes, StoredEntry>> aside = new HashMap<>();

    private final StoreMemory memory;
    private final Runnable closed;
    /** The entries that were put aside and are counted. */
    private final AtomicLong bytes = new AtomicLong();

    private volatile boolean isClosed;

    /** The writer's own: what is in the store of them is not what was. */
    private final Set<Integer> cleared = new HashSet<>();

    HeapImage(Map<Integer, Map<Bytes, StoredEntry>> caches, StoreMemory memory, Runnable closed) {
        this.caches = new HashMap<>(caches);
        this.memory = memory;
        this.closed = closed;
        this.caches.keySet().forEach(cacheId -> aside.put(cacheId, new ConcurrentHashMap<>()));
    }

    /** Saves what the store is about to change. Writer only. */
    void changes(int cacheId, Bytes key, @Nullable StoredEntry before) {
        Map<Bytes, StoredEntry> kept = aside.get(cacheId);
        if (kept != null && !cleared.contains(cacheId)) {
            StoredEntry old = before == null ? NONE : before;
            if (kept.putIfAbsent(key, old) == null) {
                putAside(HeapStore.heapBytes(key, old));
            }
        }
    }

    /** The map of a cache is out of the store, as it is. Writer only. */
    void cleared(int cacheId, long heapBytes) {
        if (aside.containsKey(cacheId) && cleared.add(cacheId)) {
            putAside(heapBytes);
        }
    }

    private void putAside(long more) {
        bytes.addAndGet(more);
        memory.aside(more);
        if (isClosed) { // since the writer looked
            release();
        }
    }

    private void release() {
        memory.aside(-bytes.getAndSet(0));
    }

    @Override
    public void forEach(ShardStore.EntryConsumer consumer) {
        caches.forEach((cacheId, entries) -> {
            Map<Bytes, StoredEntry> kept = aside.getOrDefault(cacheId, Map.of());
            entries.forEach((key, entry) -> {
                if (!kept.containsKey(key)) {
                    consumer.accept(cacheId, key, entry);
                }
            });
            kept.forEach((key, entry) -> {
                if (entry != NONE) {
                    consumer.accept(cacheId, key, entry);
                }
            });
        });
    }

    @Override
    public void close() {
        closed.run();
        isClosed = true;
        release();
    }
}
