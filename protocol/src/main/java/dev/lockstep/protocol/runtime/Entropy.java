package dev.lockstep.protocol.runtime;

/** The only door to randomness. Thread-safe. */
public interface Entropy {

    /** Sixty-four unpredictable bits; good enough for identifiers that must never collide. */
    long nextLong();

    /**
     * A number from 0 (inclusive) to {@code bound} (exclusive), near enough to uniform for jitter and tie-breaking.
     *
     * @param bound positive
     */
    default int nextInt(int bound) {
        return (int) Math.floorMod(nextLong(), (long) bound);
    }

    /** The machine's secure generator. */
    static Entropy system() {
        return SystemEntropy.INSTANCE;
    }
}
