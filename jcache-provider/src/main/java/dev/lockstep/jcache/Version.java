package dev.lockstep.jcache;

/**
 * What was seen of one key: an entry of a version, or that there was none. Whoever writes with it as the condition does so only
 * if nothing has happened to the key since, not even a removal that was undone. Immutable; of use for its key and cache alone.
 */
public final class Version {

    private final boolean absent;
    private final long number;

    private Version(boolean absent, long number) {
        this.absent = absent;
        this.number = number;
    }

    public static Version of(long number) {
        return new Version(false, number);
    }

    public static Version absentSince(long number) {
        return new Version(true, number);
    }

    /** Positive, and higher than that of every write before of this key; in one cache, of every write before of its shard. */
    public long number() {
        return number;
    }

    /** Returns whether this stands for the absence of an entry, since at least {@link #number}. */
    public boolean isAbsence() {
        return absent;
    }

    @Override
    public String toString() {
        return (absent ? "absent since " : "version ") + number;
    }
}
