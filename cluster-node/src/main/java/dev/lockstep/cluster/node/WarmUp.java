package dev.lockstep.cluster.node;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The warm-up of a node's JVM, which is over when the JIT compilers are nearly idle though the node is under load: what it
 * runs is compiled then. Confined to one thread.
 */
final class WarmUp {

    /** The time between two observations. */
    static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Fewer entries applied in an interval are no load: the compilers would be idle because the node is. */
    private static final long LOAD = 1_000;

    /** Milliseconds of compilation in an interval: a twentieth of it. */
    private static final long IDLE_MILLIS = TimeUnit.NANOSECONDS.toMillis(INTERVAL_NANOS) / 20;

    private final LongSupplier appliedEntries;
    private final LongSupplier compilationMillis;
    private long entriesBefore;
    private long millisBefore;

    /**
     * @param appliedEntries number of entries that the node has applied so far
     * @param compilationMillis time that the compilers have worked so far
     */
    WarmUp(LongSupplier appliedEntries, LongSupplier compilationMillis) {
        this.appliedEntries = appliedEntries;
        this.compilationMillis = compilationMillis;
        this.entriesBefore = appliedEntries.getAsLong();
        this.millisBefore = compilationMillis.getAsLong();
    }

    /** Tells whether the warm-up is over, judged by the interval that ends now. To be called once an interval. */
    boolean isOver() {
        long entries = appliedEntries.getAsLong();
        long millis = compilationMillis.getAsLong();
        boolean over = entries - entriesBefore >= LOAD && millis - millisBefore <= IDLE_MILLIS;
        entriesBefore = entries;
        millisBefore = millis;
        return over;
    }
}
