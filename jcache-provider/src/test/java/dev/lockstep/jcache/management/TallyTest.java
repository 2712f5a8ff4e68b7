package dev.lockstep.jcache.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The time that an operation is said to have taken; the tests look at the clock, and do not depend on its speed. */
class TallyTest {

    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Statistics statistics = new Statistics();

    @Test
    void theTimeSinceTheBeginningCountsForTheFirstOfEachKindAlone() {
        Tally tally = new Tally(statistics, Tally.now() - HOUR_NANOS);
        tally.put(true);
        tally.put(true);

        assertThat(statistics.getCachePuts()).isEqualTo(2);
        assertThat(statistics.getAveragePutTime())
                .as("microseconds, of two puts")
                .isBetween(HOUR_NANOS / 2_000f, HOUR_NANOS / 1_000f - 1);
        tally.read(true);
        assertThat(statistics.getAverageGetTime()).isGreaterThanOrEqualTo(HOUR_NANOS / 1_000f);
    }

    @Test
    void theTimeOfApplicationCodeIsNotTheOperations() {
        long start = Tally.now();
        Tally tally = new Tally(statistics, start);
        long outside = tally.outside(TallyTest::spun);
        long[] failed = new long[1];
        assertThatThrownBy(() -> tally.outside(() -> {
                    failed[0] = spun();
                    throw new IllegalStateException("the loader fails");
                }))
                .hasMessage("the loader fails");
        tally.removed(true);

        assertThat(statistics.getAverageRemoveTime())
                .as("microseconds")
                .isLessThanOrEqualTo((Tally.now() - start - outside - failed[0]) / 1_000f);
    }

    /** Takes ten milliseconds at least, and tells how many nanoseconds it took. */
    private static long spun() {
        long before = Tally.now();
        while (Tally.now() - before < 10_000_000) {
            Thread.onSpinWait();
        }
        return Tally.now() - before;
    }

    @Test
    void readsOfNothingAreNotCounted() {
        Tally tally = new Tally(statistics, Tally.now());
        tally.reads(0, 0);

        assertThat(statistics.getCacheGets()).isZero();
        assertThat(Tally.UNCOUNTED.<String>outside(() -> "v")).isEqualTo("v");
    }
}
