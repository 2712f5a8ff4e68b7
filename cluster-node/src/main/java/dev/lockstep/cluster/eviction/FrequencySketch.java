package dev.lockstep.cluster.eviction;

import dev.lockstep.protocol.wire.Bytes;

/**
 * An estimate of the recent frequencies of keys, never too low except for what was aged out: a count-min sketch of
 * 4-bit counters, all halved whenever ten times as many uses were counted as it has room for keys. Not thread-safe.
 */
final class FrequencySketch {

    private static final int ROWS = 4;
    private static final long MAX_COUNT = 15;
    private static final long HALVES = 0x7777_7777_7777_7777L;
    private static final int MIN_WORDS = 64;
    private static final int MAX_WORDS = 1 << 26;

    private long[] words = new long[MIN_WORDS];
    private long counted;

    /**
     * Makes room for so many keys. Counts are retained: a key's counters in a table of twice the size are found in both
     * halves.
     */
    void ensureRoomFor(int keys) {
        while (words.length < keys && words.length < MAX_WORDS) {
            long[] twice = new long[words.length * 2];
            System.arraycopy(words, 0, twice, 0, words.length);
            System.arraycopy(words, 0, twice, words.length, words.length);
            words = twice;
        }
    }

    void used(Bytes key) {
        boolean added = false;
        for (int row = 0; row < ROWS; row++) {
            long hash = hash(key, row);
            int word = word(hash);
            int shift = shift(hash);
            if (((words[word] >>> shift) & MAX_COUNT) < MAX_COUNT) {
                words[word] += 1L << shift;
                added = true;
            }
        }
        if (added && ++counted >= 10L * words.length) {
            age();
        }
    }

    private void age() {
        for (int i = 0; i < words.length; i++) {
            words[i] = (words[i] >>> 1) & HALVES;
        }
        counted /= 2;
    }

    /** 0 to 15. */
    int frequency(Bytes key) {
        long least = MAX_COUNT;
        for (int row = 0; row < ROWS; row++) {
            long hash = hash(key, row);
            least = Math.min(least, (words[word(hash)] >>> shift(hash)) & MAX_COUNT);
        }
        return (int) least;
    }

    /** Independent enough for each row; the finalizer of SplitMix64. */
    private static long hash(Bytes key, int row) {
        long mixed = key.hash64() + (row + 1) * 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return mixed ^ (mixed >>> 31);
    }

    private int word(long hash) {
        return (int) hash & (words.length - 1);
    }

    /** The offset of one of the 16 counters in its word. */
    private static int shift(long hash) {
        return (int) (hash >>> 60) * 4;
    }
}
