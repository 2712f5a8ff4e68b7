package dev.lockstep.protocol.wire;

/** The encoding of log positions as versions. Stateless. */
public final class Versions {

    /** A version is a log position and, in the lowest bits, the number of the mutation in its batch. */
    public static final int ORDINAL_BITS = 16;

    private Versions() {}

    /** The highest version that anything up to a log position can have. */
    public static long lastAt(long position) {
        return ((position + 1) << ORDINAL_BITS) - 1;
    }
}
