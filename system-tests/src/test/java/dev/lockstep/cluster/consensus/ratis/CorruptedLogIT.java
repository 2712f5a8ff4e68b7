package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test corrupt} is the long form, which leaves out no byte. */
class CorruptedLogIT {

    private static final int STEP = 41;

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES)
    void whereverALogIsHarmedItIsSeenOrNothingIsMissing(@TempDir Path home) throws Exception {
        try (CorruptedLog log = new CorruptedLog(home)) {
            log.harmEach(STEP, soFar -> {});
            assertThat(log.undetected()).isEmpty();
            assertThat(log.refused()).isGreaterThan(log.tried() / 2);
        }
    }
}
