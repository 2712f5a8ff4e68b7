package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.Bytes;
import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Entries by deadline, the earliest first. Written by the apply thread only; derived from the entries. */
final class ExpiryIndex {

    private final TreeSet<Due> dues = new TreeSet<>(Comparator.comparingLong(Due::deadlineMillis)
            .thenComparingInt(Due::cacheId)
            .thenComparing(Due::key));

    record Due(long deadlineMillis, int cacheId, Bytes key) {}

    void add(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Long.MAX_VALUE) {
            dues.add(new Due(deadlineMillis, cacheId, key));
        }
    }

    void remove(int cacheId, Bytes key, long deadlineMillis) {
        if (deadlineMillis != Long.MAX_VALUE) {
            dues.remove(new Due(deadlineMillis, cacheId, key));
        }
    }

    void removeCache(int cacheId) {
        dues.removeIf(due -> due.cacheId() == cacheId);
    }

    /** The entry that is due first, if that is by {@code logTimeMillis}. */
    @Nullable
    Due firstDue(long logTimeMillis) {
        return !dues.isEmpty() && dues.first().deadlineMillis() <= logTimeMillis ? dues.first() : null;
    }

    /** When the first entry is due; {@link Long#MAX_VALUE} for never. */
    long nextMillis() {
        return dues.isEmpty() ? Long.MAX_VALUE : dues.first().deadlineMillis();
    }
}
