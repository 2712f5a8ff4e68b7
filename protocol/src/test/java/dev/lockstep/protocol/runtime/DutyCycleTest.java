package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DutyCycleTest {

    private static final long BIT_NANOS = Duration.ofMillis(1).toNanos();

    private final Time time = Time.system();

    /** Nanoseconds that all bits take, of a millisecond of work each at least. */
    private long took(DutyCycle pace, int bits) {
        long from = time.nanos();
        for (int i = 0; i < bits; i++) {
            long begun = time.nanos();
            while (time.nanos() - begun < BIT_NANOS) {
                Thread.onSpinWait();
            }
            pace.step();
        }
        return time.nanos() - from;
    }

    @Test
    void aQuarterOfTheTimeTakesFourTimesAsLong() {
        assertThat(took(DutyCycle.ofOnePartIn(4, time), 100)).isGreaterThan(3 * 100 * BIT_NANOS);
    }

    @Test
    void anUrgentTaskDoesNotPause() {
        DutyCycle pace = DutyCycle.ofOnePartIn(1_000, time);
        pace.hurry();
        assertThat(took(pace, 10)).isLessThan(500 * 10 * BIT_NANOS);
        assertThat(took(DutyCycle.full(), 10)).isLessThan(500 * 10 * BIT_NANOS);
    }
}
