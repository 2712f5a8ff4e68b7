package dev.lockstep.cluster.memory;

/**
 * The memory of a node.
 *
 * @param heapBytes that it has in all
 * @param entryBytes that entries may take of that
 * @param refuses whether more is refused; false for stores that keep only as many entries there as fit
 */
public record MemoryBudget(long heapBytes, long entryBytes, boolean refuses) {

    /** Refuses nothing. */
    public static final MemoryBudget UNLIMITED = new MemoryBudget(Long.MAX_VALUE, Long.MAX_VALUE, false);

    /** The part of the heap that commands may take which wait for a log, or are in one that is not applied yet. */
    private static final int WAITING_SHARE = 16;

    private static final long MIN_WAITING_BYTES = 8L << 20;

    /** The part of the heap for what its shards keep of their last changes. */
    private static final int CHANGES_SHARE = 32;

    private static final long MIN_CHANGES_BYTES = 64L << 10;

    /** Above so much of the budget bounded caches give way: nine tenths. What one batch adds, the next can evict, before all is full. */
    long evictAboveBytes() {
        return entryBytes - entryBytes / 10;
    }

    /** Returns the bytes of commands that may wait, of all shards. */
    long waitingBytes() {
        return Math.max(MIN_WAITING_BYTES, heapBytes / WAITING_SHARE);
    }

    /**
     * Returns the most that entries may take, a third of what is left beyond the budget included: a follower takes what its
     * leader has admitted.
     */
    public long mostBytes() {
        return entryBytes + (heapBytes - entryBytes) / 3;
    }

    /** Returns the bytes of its last changes that each of so many shards may keep, up to the most that they should. */
    public long changesBytes(int shards, long most) {
        return Math.min(most, Math.max(MIN_CHANGES_BYTES, heapBytes / CHANGES_SHARE / Math.max(1, shards)));
    }
}
