package dev.lockstep.cluster.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The heap that the entries of a node's stores take. A key or value of 512 KiB and more counts as the next power of two, since the
 * collector
 * gives it whole regions. Thread-safe.
 */
public final class StoreMemory {

    /** Half of the collector's smallest region. */
    private static final int LARGE = 512 * 1024;

    private final long most;
    private final AtomicLong stored = new AtomicLong();
    private final AtomicLong aside = new AtomicLong();

    /** @param most beyond which no entry is stored: the replica that would stops, before the JVM does */
    public StoreMemory(long most) {
        this.most = most;
    }

    /** Returns the heap that an array of a key or value takes beyond what every entry does. */
    public static long arrayBytes(int size) {
        return size < LARGE ? size : Long.highestOneBit(size) << 1;
    }

    /** Returns the bytes of entries that are stored. */
    public long storedBytes() {
        return stored.get();
    }

    /** Returns the bytes of entries that are stored no more, and which a checkpoint that is being written still needs. */
    public long asideBytes() {
        return aside.get();
    }

    /** @throws StoreFailedException when so much more has no room */
    public void require(long more) {
        long taken = stored.get() + aside.get();
        if (taken + more > most) {
            throw new StoreFailedException(
                    "The entries of this node take " + (taken >> 20) + " MiB of its heap, and no more than "
                            + (most >> 20) + " MiB fit there beside all else. Start it with more (-Xmx), or with"
                            + " \"store: rocksdb\", or add nodes",
                    null,
                    false);
        }
    }

    /** @param more bytes that are stored since; negative for fewer */
    public void stored(long more) {
        stored.addAndGet(more);
    }

    /** @param more bytes that are put aside since; negative for fewer */
    public void aside(long more) {
        aside.addAndGet(more);
    }
}
