package dev.lockstep.cluster.store;

import dev.lockstep.protocol.wire.Bytes;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Entries by deadline, the earliest first, on the heap. Written by the store's writer only; derived from the entries. */
final class ExpiryIndex {

    private final TreeSet<Due> dues = new TreeSet<>(Due.BY_TIME);

    void add(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Due.NEVER) {
            dues.add(new Due(deadlineMillis, cacheId, key));
        }
    }

    void remove(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Due.NEVER) {
            dues.remove(new Due(deadlineMillis, cacheId, key));
        }
    }

    void removeCache(int cacheId) {
        dues.removeIf(due -> due.cacheId() == cacheId);
    }

    @Nullable
    Due first() {
        return dues.isEmpty() ? null : dues.first();
    }
}
