package dev.lockstep.jcache.management;

import dev.lockstep.protocol.runtime.Time;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The counts of one operation, with the time until each kind of count. Its time goes to none of the kinds that it is not counted as. Used by
 * one thread after another.
 */
public final class Tally {

    /** Counts nothing, as for all operations while statistics are disabled. */
    public static final Tally UNCOUNTED = new Tally(null, 0);

    private final @Nullable Statistics statistics;
    private final long start;
    private long outside;
    private boolean got;
    private boolean put;
    private boolean removed;

    Tally(@Nullable Statistics statistics, long start) {
        this.statistics = statistics;
        this.start = start;
    }

    /** Counts a read of one entry. */
    public void read(boolean found) {
        reads(found ? 1 : 0, found ? 0 : 1);
    }

    public void reads(long hits, long misses) {
        if (statistics != null && hits + misses > 0) {
            statistics.reads(hits, misses, got ? 0 : soFar());
            got = true;
        }
    }

    /** Counts an entry that was put, if it was. */
    public void put(boolean done) {
        if (statistics != null && done) {
            statistics.put(put ? 0 : soFar());
            put = true;
        }
    }

    /** Counts an entry that was removed, if it was. */
    public void removed(boolean done) {
        if (statistics != null && done) {
            statistics.removed(removed ? 0 : soFar());
            removed = true;
        }
    }

    /** Runs application code whose time is not counted as the operation's. */
    public <T> T outside(Supplier<T> code) {
        if (statistics == null) {
            return code.get();
        }
        long before = now();
        try {
            return code.get();
        } finally {
            outside += now() - before;
        }
    }

    private long soFar() {
        return now() - start - outside;
    }

    static long now() {
        return Time.system().nanos();
    }
}
