package dev.lockstep.cluster.consensus.ratis.log;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.jspecify.annotations.Nullable;

/**
 * The last entries of a log, in memory: as many as fit into a bound of entries and bytes, the last one always. One thread
 * at a time writes, any thread reads without waiting.
 */
final class RecentEntries {

    private final AtomicReferenceArray<@Nullable LogEntryProto> ring;
    private final long maxBytes;
    private long first;
    private long next;
    private long bytes;

    /**
     * @param capacity in entries; a power of two
     * @param maxBytes of the entries, as they are written
     */
    RecentEntries(int capacity, long maxBytes) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(capacity + " is not a power of two");
        }
        this.ring = new AtomicReferenceArray<>(capacity);
        this.maxBytes = maxBytes;
    }

    /** The entry at {@code index} if it is here; null if it is older, or there is none. */
    @Nullable
    LogEntryProto get(long index) {
        LogEntryProto entry = ring.get(slot(index));
        return entry != null && entry.getIndex() == index ? entry : null;
    }

    /** Adds the entry that follows the last, or starts again with it when it does not. */
    void add(LogEntryProto entry) {
        long index = entry.getIndex();
        if (index != next) {
            truncate(first);
            first = index;
        } else if (next - first == ring.length()) {
            evict();
        }
        ring.set(slot(index), entry);
        next = index + 1;
        bytes += entry.getSerializedSize();
        while (bytes > maxBytes && first < index) {
            evict();
        }
    }

    /** Removes the entries from {@code index} on. */
    void truncate(long index) {
        while (next > Math.max(index, first)) {
            next--;
            remove(next);
        }
    }

    private void evict() {
        remove(first);
        first++;
    }

    private void remove(long index) {
        LogEntryProto removed = ring.getAndSet(slot(index), null);
        if (removed != null) {
            bytes -= removed.getSerializedSize();
        }
    }

    private int slot(long index) {
        return (int) (index & (ring.length() - 1));
    }
}
