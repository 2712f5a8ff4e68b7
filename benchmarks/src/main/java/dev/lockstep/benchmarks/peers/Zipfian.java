package dev.lockstep.benchmarks.peers;

import java.util.random.RandomGenerator;

/**
 * Zipf's law over ranks, as YCSB draws it: the algorithm of Gray et al., <i>Quickly Generating Billion-Record Synthetic
 * Databases</i> (SIGMOD 1994), with the constant 0.99. Rank 0 is the most popular. Not thread-safe.
 */
final class Zipfian {

    static final double CONSTANT = 0.99;
    private static final double ALPHA = 1 / (1 - CONSTANT);
    private static final double ZETA_2 = zeta(0, 2, 0);

    private long items;
    private double zeta;

    Zipfian(long items) {
        this(items, zeta(0, items, 0));
    }

    /** @param zeta of the number of items, where that is too large to compute */
    Zipfian(long items, double zeta) {
        this.items = items;
        this.zeta = zeta;
    }

    private static double zeta(long from, long to, double sum) {
        double zeta = sum;
        for (long rank = from; rank < to; rank++) {
            zeta += 1 / Math.pow(rank + 1.0, CONSTANT);
        }
        return zeta;
    }

    /** The probability of the most popular. */
    double first() {
        return 1 / zeta;
    }

    /** Goes on with more items. */
    void growTo(long more) {
        if (more > items) {
            zeta = zeta(items, more, zeta);
            items = more;
        }
    }

    long next(RandomGenerator random) {
        double uniform = random.nextDouble();
        double scaled = uniform * zeta;
        if (scaled < 1) {
            return 0;
        }
        if (scaled < 1 + Math.pow(0.5, CONSTANT)) {
            return 1;
        }
        double eta = (1 - Math.pow(2.0 / items, 1 - CONSTANT)) / (1 - ZETA_2 / zeta);
        return Math.min(items - 1, (long) (items * Math.pow(eta * uniform - eta + 1, ALPHA)));
    }
}
