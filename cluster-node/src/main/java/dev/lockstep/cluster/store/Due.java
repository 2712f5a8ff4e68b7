package dev.lockstep.cluster.store;

import dev.lockstep.protocol.wire.Bytes;
import java.util.Comparator;

/** When an entry is over. */
public record Due(long deadlineMillis, int cacheId, Bytes key) {

    /** No deadline: such an entry is never due. */
    static final long NEVER = Long.MAX_VALUE;

    /** In this order entries are over, on every replica alike. */
    static final Comparator<Due> BY_TIME = Comparator.comparingLong(Due::deadlineMillis)
            .thenComparingInt(Due::cacheId)
            .thenComparing(Due::key);
}
