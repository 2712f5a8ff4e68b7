package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WritePaceTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final WritePace pace = new WritePace();
    private long now = 5;

    private void write(long millis) {
        pace.began(now);
        now += millis * MILLI;
        pace.ended(now);
    }

    @Test
    void aWriteOfMoreThanTenMillisecondsIsSlowUntilEightShortOnesInARow() {
        write(10);
        assertThat(pace.isSlow(now)).isFalse();
        write(11);
        assertThat(pace.isSlow(now)).isTrue();
        for (int i = 0; i < 7; i++) {
            write(1);
        }
        assertThat(pace.isSlow(now)).isTrue();
        write(12);
        for (int i = 0; i < 7; i++) {
            write(1);
            assertThat(pace.isSlow(now)).isTrue();
        }
        write(1);
        assertThat(pace.isSlow(now)).isFalse();
    }

    @Test
    void aWriteInProgressIsSlowBeforeItEnds() {
        pace.began(now);
        assertThat(pace.isSlow(now + 10 * MILLI)).isFalse();
        assertThat(pace.isSlow(now + 11 * MILLI)).isTrue();
        pace.ended(now + 9 * MILLI);
        assertThat(pace.isSlow(now + 11 * MILLI)).isFalse();
    }

    /** Else a replica to which nothing is written would be slow for ever. */
    @Test
    void aSlowWriteIsForgottenAfterTenSeconds() {
        write(500);
        assertThat(pace.isSlow(now + 9_999 * MILLI)).isTrue();
        assertThat(pace.isSlow(now + 10_000 * MILLI)).isFalse();
    }
}
