package dev.lockstep.benchmarks.peers;

import java.util.random.RandomGenerator;

/** The choice of records by YCSB's request distributions. Not thread-safe. */
final class YcsbKeys {

    /** Those of YCSB's {@code ScrambledZipfianGenerator}, which draws from ten billion, whatever the number of records. */
    private static final long SCRAMBLED_ITEMS = 10_000_000_000L;

    private static final double SCRAMBLED_ZETA = 26.46902820178302;

    private static final long FNV_OFFSET = 0xCBF29CE484222325L;
    private static final long FNV_PRIME = 1_099_511_628_211L;

    private final Zipfian scrambled = new Zipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
    private final Zipfian distances;

    /** @param records how many there are at first */
    YcsbKeys(long records) {
        this.distances = new Zipfian(records);
    }

    /** The FNV-1 hash of the eight bytes, lowest first, as YCSB computes it: never negative. */
    static long hash(long number) {
        long hash = FNV_OFFSET;
        for (long rest = number, i = 0; i < Long.BYTES; i++, rest >>= Byte.SIZE) {
            hash = (hash ^ (rest & 0xff)) * FNV_PRIME;
        }
        return Math.abs(hash);
    }

    /** The name of a record: records in the order of insertion have names in no order. */
    static String name(long record) {
        return "user" + hash(record);
    }

    /** A record by Zipf's law, the popular ones scattered over all. */
    long zipfian(long records, RandomGenerator random) {
        return hash(scrambled.next(random)) % records;
    }

    /** A record, the more popular the later it was inserted. */
    long latest(long records, RandomGenerator random) {
        distances.growTo(records);
        return Math.max(0, records - 1 - distances.next(random));
    }
}
