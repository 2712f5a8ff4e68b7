package dev.lockstep.benchmarks.peers;

import java.util.BitSet;

/** The numbers of the records of YCSB's workload D: given away in order, and readable once all up to them have been inserted. */
final class Inserts {

    /** The most inserts of one load, which ends then: in memory, a product inserts gigabytes within seconds. */
    static final int BOUND = 100_000;

    private final int first;
    private final BitSet inserted = new BitSet();
    private int given;
    private volatile int readable;

    /** @param records that are there already */
    Inserts(int records) {
        this.first = records;
        this.readable = records;
    }

    /** The number of the next record, or -1 at the bound. */
    synchronized int next() {
        return given == BOUND ? -1 : first + given++;
    }

    synchronized void inserted(int record) {
        inserted.set(record - first);
        readable = first + inserted.nextClearBit(readable - first);
    }

    /** All below it can be read. */
    int readable() {
        return readable;
    }

    /** All below it may exist. */
    synchronized int end() {
        return first + given;
    }
}
