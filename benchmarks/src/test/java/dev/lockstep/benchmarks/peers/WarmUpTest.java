package dev.lockstep.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WarmUpTest {

    private final WarmUp warmUp = new WarmUp();

    private void add(double... rates) {
        for (double rate : rates) {
            warmUp.add(List.of(rate));
        }
    }

    @Test
    void twoWindowsAreTooFew() {
        add(100, 100);
        assertThat(warmUp.isFlat()).isFalse();
    }

    @Test
    void threeWindowsWithinFivePercentAreFlatWhateverCameBefore() {
        add(10, 50, 96, 100, 98);
        assertThat(warmUp.isFlat()).isTrue();
    }

    @Test
    void aRateThatStillRisesIsNotFlat() {
        add(94, 97, 100);
        assertThat(warmUp.isFlat()).isFalse();
    }

    @Test
    void allLoadsOfAWindowCountEquallyHoweverFastTheyAre() {
        for (int i = 0; i < 3; i++) {
            warmUp.add(List.of(1_000_000.0, 10.0 + i));
        }
        assertThat(warmUp.isFlat()).isFalse();
    }
}
