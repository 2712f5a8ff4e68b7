package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WarmUpTest {

    private long entries = 50_000;
    private long millis = 3_000;
    private final WarmUp warmUp = new WarmUp(() -> entries, () -> millis);

    private boolean isOverAfter(long appliedEntries, long compilationMillis) {
        entries += appliedEntries;
        millis += compilationMillis;
        return warmUp.isOver();
    }

    @Test
    void isNotOverWhileTheCompilersWork() {
        assertThat(isOverAfter(20_000, 9_000)).isFalse();
        assertThat(isOverAfter(20_000, 501)).isFalse();
    }

    @Test
    void isNotOverWhileTheNodeIsIdle() {
        assertThat(isOverAfter(999, 0)).isFalse();
        assertThat(isOverAfter(999, 0)).isFalse();
    }

    @Test
    void isOverOnceTheCompilersAreNearlyIdleUnderLoad() {
        assertThat(isOverAfter(20_000, 5_000)).isFalse();
        assertThat(isOverAfter(1_000, 500)).isTrue();
    }
}
