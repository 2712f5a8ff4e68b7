package dev.lockstep.cluster.store.heap;

import dev.lockstep.cluster.store.Deadline;
import dev.lockstep.protocol.wire.Bytes;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Entries by deadline, the earliest first, on the heap. Written by the store's writer only; derived from the entries. */
final class ExpiryIndex {

    private final TreeSet<Deadline> dues = new TreeSet<>(Deadline.BY_TIME);

    void add(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Deadline.NEVER) {
            dues.add(new Deadline(deadlineMillis, cacheId, key));
        }
    }

    void remove(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Deadline.NEVER) {
            dues.remove(new Deadline(deadlineMillis, cacheId, key));
        }
    }

    void removeCache(int cacheId) {
        dues.removeIf(due -> due.cacheId() == cacheId);
    }

    @Nullable
    Deadline first() {
        return dues.isEmpty() ? null : dues.first();
    }
}
