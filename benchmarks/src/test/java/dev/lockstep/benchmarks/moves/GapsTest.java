package dev.lockstep.benchmarks.moves;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GapsTest {

    @Test
    void aGapIsTheTimeBetweenTwoSuccessesInOneShard() {
        Gaps gaps = new Gaps(2, 100);
        gaps.succeeded(0, 100, 110);
        gaps.succeeded(1, 105, 120);
        gaps.succeeded(0, 120, 160);
        gaps.succeeded(1, 150, 165);

        assertThat(gaps.longest(170)).isEqualTo(50);
    }

    @Test
    void theTimesBeforeTheFirstAndAfterTheLastSuccessCount() {
        Gaps first = new Gaps(1, 100);
        first.succeeded(0, 130, 140);
        assertThat(first.longest(150)).isEqualTo(40);

        Gaps last = new Gaps(1, 100);
        last.succeeded(0, 100, 110);
        assertThat(last.longest(190)).isEqualTo(80);
    }

    @Test
    void aShardIsServedAgainOncePutsThatBeganLaterSucceed() {
        Gaps gaps = new Gaps(3, 0);
        // Its answer was on the way when the leader was killed.
        gaps.succeeded(0, 40, 60);
        gaps.succeeded(1, 55, 70);

        assertThat(gaps.areServedSince(50, List.of(0, 1))).isFalse();
        gaps.succeeded(0, 51, 80);
        assertThat(gaps.areServedSince(50, List.of(0, 1))).isTrue();
        assertThat(gaps.areServedSince(50, List.of(0, 1, 2))).isFalse();
    }
}
