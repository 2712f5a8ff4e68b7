package dev.lockstep.protocol.topology;

/** Maps keys to slots. Part of the protocol: every client must agree. */
public final class Slots {

    /** Fixed for ever. */
    public static final int COUNT = 4096;

    private Slots() {}

    /**
     * The slot of a key in a cache: the upper 12 bits of the key's hash, mixed with the cache's id so that equal keys of
     * many caches don't share a shard.
     *
     * @param keyHash XXH3, 64 bits, seed 0, of the key's bytes
     */
    public static int of(int cacheId, long keyHash) {
        long mixed = (keyHash ^ cacheId * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        return (int) (mixed >>> 52);
    }
}
