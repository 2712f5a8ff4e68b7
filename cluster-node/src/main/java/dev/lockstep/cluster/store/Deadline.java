package dev.lockstep.cluster.store;

import dev.lockstep.protocol.wire.Bytes;
import java.util.Comparator;

/** The deadline of an entry. */
public record Deadline(long deadlineMillis, int cacheId, Bytes key) {

    /** No deadline: such an entry is never due. */
    public static final long NEVER = Long.MAX_VALUE;

    /** In this order entries are over, on every replica alike. */
    public static final Comparator<Deadline> BY_TIME = Comparator.comparingLong(Deadline::deadlineMillis)
            .thenComparingInt(Deadline::cacheId)
            .thenComparing(Deadline::key);
}
