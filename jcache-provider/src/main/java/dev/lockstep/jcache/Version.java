package dev.lockstep.jcache;

/**
 * The state of one key when it was read: an entry of a version, or its absence. A write with it as the condition is applied only if nothing
 * has happened to the key since, not even a removal that was undone. Immutable; valid for its key and cache alone.
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

    /** Returns the number: positive, and higher than that of every earlier write of this key or, in one cache, of its shard. */
    public long number() {
        return number;
    }

    /** Returns whether this is the absence of an entry, since at least {@link #number}. */
    public boolean isAbsence() {
        return absent;
    }

    @Override
    public String toString() {
        return (absent ? "absent since " : "version ") + number;
    }
}
