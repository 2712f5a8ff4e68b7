package dev.lockstep.jcache.management;

import java.util.concurrent.atomic.LongAdder;
import javax.cache.management.CacheStatisticsMXBean;

/** The statistics of this manager's operations on a cache, counted while they are enabled. Thread-safe. */
public final class Statistics implements CacheStatisticsMXBean {

    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder puts = new LongAdder();
    private final LongAdder removals = new LongAdder();
    private final LongAdder getNanos = new LongAdder();
    private final LongAdder putNanos = new LongAdder();
    private final LongAdder removeNanos = new LongAdder();
    private volatile boolean enabled;

    public void enabled(boolean on) {
        enabled = on;
    }

    /** Begins an operation. */
    public Tally begin() {
        return enabled ? new Tally(this, Tally.now()) : Tally.UNCOUNTED;
    }

    void reads(long hit, long missed, long nanos) {
        hits.add(hit);
        misses.add(missed);
        getNanos.add(nanos);
    }

    void put(long nanos) {
        puts.increment();
        putNanos.add(nanos);
    }

    void removed(long nanos) {
        removals.increment();
        removeNanos.add(nanos);
    }

    @Override
    public void clear() {
        hits.reset();
        misses.reset();
        puts.reset();
        removals.reset();
        getNanos.reset();
        putNanos.reset();
        removeNanos.reset();
    }

    @Override
    public long getCacheHits() {
        return hits.sum();
    }

    @Override
    public float getCacheHitPercentage() {
        return percentage(getCacheHits());
    }

    @Override
    public long getCacheMisses() {
        return misses.sum();
    }

    @Override
    public float getCacheMissPercentage() {
        return percentage(getCacheMisses());
    }

    private float percentage(long part) {
        long gets = getCacheGets();
        return gets == 0 ? 0 : 100f * part / gets;
    }

    @Override
    public long getCacheGets() {
        return getCacheHits() + getCacheMisses();
    }

    @Override
    public long getCachePuts() {
        return puts.sum();
    }

    @Override
    public long getCacheRemovals() {
        return removals.sum();
    }

    /** Returns 0 always: calls are counted here, and an eviction is not a call of any manager. */
    @Override
    public long getCacheEvictions() {
        return 0;
    }

    @Override
    public float getAverageGetTime() {
        return micros(getNanos, getCacheGets());
    }

    @Override
    public float getAveragePutTime() {
        return micros(putNanos, getCachePuts());
    }

    @Override
    public float getAverageRemoveTime() {
        return micros(removeNanos, getCacheRemovals());
    }

    private static float micros(LongAdder nanos, long count) {
        return count == 0 ? 0 : nanos.sum() / 1_000f / count;
    }
}
