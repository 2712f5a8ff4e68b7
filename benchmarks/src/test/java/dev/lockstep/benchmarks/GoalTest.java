package dev.lockstep.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GoalTest {

    private static final Spread HALF = Spread.of(0.4, 0.5, 0.9);

    @Test
    void theMedianMayReachItsBound() {
        assertThat(Goal.atMost(0.5, "x", HALF)).hasToString("goal x: 0.50 [0.40-0.90], at most 0.5: met");
        assertThat(Goal.atMost(0.49, "x", HALF).isMet()).isFalse();
        assertThat(Goal.atLeast(0.5, "x", HALF)).hasToString("goal x: 0.50 [0.40-0.90], at least 0.5: met");
        assertThat(Goal.atLeast(0.51, "x", HALF).isMet()).isFalse();
    }
}
