package dev.lockstep.cluster.rates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ByteRateTest {

    private final SimulatedWorld world = new SimulatedWorld();

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }

    @Test
    void bytesBeyondTheBurstHaveToBeWaitedFor() {
        ByteRate rate = new ByteRate(1_000_000, 0, world);
        assertThat(rate.pass(100_000)).as("a tenth passes at once").isZero();
        assertThat(millis(rate.pass(500_000))).isEqualTo(500);
        world.pass(Duration.ofMillis(500));
        assertThat(millis(rate.pass(200_000))).isEqualTo(200);
    }

    @Test
    void eachNodeHasAnEqualShareOfWhatTheClusterMay() {
        ByteRate rate = new ByteRate(1_000_000, 1_200_000, world);
        rate.shareAmong(4);
        assertThat(millis(rate.pass(330_000))).isEqualTo(1_000);
        rate.shareAmong(1);
        assertThat(millis(rate.pass(1_100_000)))
                .as("no more than its own limit")
                .isEqualTo(1_000);
    }

    @Test
    void withoutALimitEverythingPasses() {
        ByteRate rate = ByteRate.unlimited();
        rate.shareAmong(3);
        assertThat(rate.pass(Long.MAX_VALUE)).isZero();
    }
}
