package dev.lockstep.system.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The short form of chaos: every fault at least once. {@code ./lockstep-test chaos} is the long one. */
@Tag("alone")
class ChaosIT {

    private static final int LEAST_ACKNOWLEDGED = 1_000;

    @TempDir
    Path home;

    @Test
    @Timeout(value = 8, unit = TimeUnit.MINUTES)
    void clientsAreToldNothingThatBreaksAPromise() throws Exception {
        Path failures = Path.of("target", "chaos", "failures");
        try (Chaos chaos = new Chaos(home, failures, 3, false, 107, System.out::println)) {
            while (chaos.tally().faults().size() < Fault.values().length) {
                chaos.round();
                System.out.println(chaos.tally());
            }
            Tally tally = chaos.tally();
            assertThat(tally.isClean()).as(tally.toString()).isTrue();
            // The faults hit, and the clients went on.
            assertThat(tally.unknown()).isPositive();
            assertThat(tally.leaderChanges()).isPositive();
            assertThat(tally.fewestAcknowledged()).isPositive();
            assertThat(tally.acknowledged()).isGreaterThan(LEAST_ACKNOWLEDGED);
        }
    }
}
