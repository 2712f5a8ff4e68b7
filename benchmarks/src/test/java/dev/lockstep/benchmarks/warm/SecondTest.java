package dev.lockstep.benchmarks.warm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SecondTest {

    private static List<Second> load(double... rates) {
        List<Second> seconds = new ArrayList<>();
        for (double rate : rates) {
            int second = seconds.size() + 1;
            seconds.add(new Second(rate, Duration.ofSeconds(second), Duration.ofSeconds(2L * second)));
        }
        for (int steady = 0; steady < 15; steady++) {
            seconds.add(new Second(100, Duration.ofSeconds(60), Duration.ofSeconds(99)));
        }
        return seconds;
    }

    @Test
    void theLastSecondsGiveTheSteadyRate() {
        assertThat(Second.steadyRate(load(1, 500, 1))).isEqualTo(100);
    }

    @Test
    void aLoadIsNearlySteadyAfterThreeSecondsOfNineTenths() {
        assertThat(Second.nearly(100, load(10, 50, 80, 90, 100)).end()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void aLoadThatNeverComesThereCountsAsAWhole() {
        assertThat(Second.nearly(1000, load(10)).end()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void oneFastSecondDoesNotCount() {
        assertThat(Second.nearly(100, load(10, 120, 10, 95, 95, 95, 95)).end()).isEqualTo(Duration.ofSeconds(6));
    }

    @Test
    void oneSlowSecondAmongFastOnesDoesNotCountEither() {
        assertThat(Second.nearly(100, load(110, 60, 110, 10)).cpu()).isEqualTo(Duration.ofSeconds(6));
    }
}
