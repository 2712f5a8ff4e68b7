package dev.lockstep.benchmarks.moves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.benchmarks.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTest {

    @Test
    void aPutThatFailsCountsWithItsTimeAndIsNoSuccess() throws Exception {
        Window window = new Window(1, 0);
        window.sent();
        window.sent();
        window.ended(0, 1_000_000, 3_000_000, null);
        window.ended(0, 2_000_000, 12_000_000, new IllegalStateException("timed out"));

        window.await(Duration.ofSeconds(1));
        Outcome outcome = window.outcome(0.5);
        assertThat(outcome.operations()).isEqualTo(2);
        assertThat(outcome.rate()).isEqualTo(4);
        assertThat(outcome.max()).isBetween(9_990.0, 10_010.0);
        assertThat(window.failed()).isEqualTo(1);
        assertThat(window.isServedSince(1_500_000, List.of(0))).isFalse();
    }

    @Test
    void itEndsWhenAllThatWereSentHaveEnded() {
        Window window = new Window(1, 0);
        window.sent();
        window.sent();
        window.ended(0, 0, 1, null);

        assertThatThrownBy(() -> window.await(Duration.ofMillis(1))).hasMessageStartingWith("1 puts have not ended");
    }
}
