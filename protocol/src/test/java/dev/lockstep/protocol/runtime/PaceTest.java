package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {

    private static final long WORK_NANOS = Duration.ofMillis(100).toNanos();

    private final Time time = Time.system();

    /** Nanoseconds that work of a tenth of a second takes, in bits of a millisecond. */
    private long took(Pace pace) {
        long from = time.nanos();
        for (long worked = 0; worked < WORK_NANOS; ) {
            long begun = time.nanos();
            long now = begun;
            while (now - begun < 1_000_000) {
                Thread.onSpinWait();
                now = time.nanos();
            }
            worked += now - begun;
            pace.step();
        }
        return time.nanos() - from;
    }

    @Test
    void whoHasAQuarterTakesFourTimesAsLong() {
        assertThat(took(Pace.ofOnePartIn(4, time))).isGreaterThan(3 * WORK_NANOS);
    }

    @Test
    void whoHurriesDoesNotRest() {
        Pace pace = Pace.ofOnePartIn(1_000, time);
        pace.hurry();
        assertThat(took(pace)).isLessThan(100 * WORK_NANOS);
        assertThat(took(Pace.full())).isLessThan(100 * WORK_NANOS);
    }
}
