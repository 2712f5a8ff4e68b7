package dev.lockstep.jcache.management;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StatisticsTest {

    private final Statistics statistics = new Statistics();

    @Test
    void nothingIsCountedWhileStatisticsAreOff() {
        statistics.begin().read(true);
        statistics.begin().put(true);

        assertThat(statistics.getCacheGets()).isZero();
        assertThat(statistics.getCachePuts()).isZero();
    }

    @Test
    void anOperationThatBeganWhileStatisticsWereOffIsNotCounted() {
        Tally tally = statistics.begin();
        statistics.enabled(true);
        tally.removed(true);

        assertThat(statistics.getCacheRemovals()).isZero();
    }

    @Test
    void percentagesAreOfTheReads() {
        statistics.enabled(true);
        assertThat(statistics.getCacheHitPercentage()).isZero();
        statistics.begin().reads(3, 1);

        assertThat(statistics.getCacheHitPercentage()).isEqualTo(75f);
        assertThat(statistics.getCacheMissPercentage()).isEqualTo(25f);
    }

    @Test
    void onlyWhatWasDoneIsCounted() {
        statistics.enabled(true);
        Tally tally = statistics.begin();
        tally.put(false);
        tally.removed(false);
        tally.put(true);

        assertThat(statistics.getCachePuts()).isEqualTo(1);
        assertThat(statistics.getCacheRemovals()).isZero();
    }

    @Test
    void timesAreAveragedOverTheOperations() {
        statistics.put(3_000);
        statistics.put(5_000);
        statistics.reads(1, 1, 6_000);
        statistics.removed(1_000);

        assertThat(statistics.getAveragePutTime()).isEqualTo(4f);
        assertThat(statistics.getAverageGetTime()).isEqualTo(3f);
        assertThat(statistics.getAverageRemoveTime()).isEqualTo(1f);
    }

    @Test
    void clearStartsAgain() {
        statistics.enabled(true);
        statistics.begin().read(true);
        statistics.put(3_000);
        statistics.clear();

        assertThat(statistics.getCacheGets()).isZero();
        assertThat(statistics.getCachePuts()).isZero();
        assertThat(statistics.getAveragePutTime()).isZero();
    }
}
