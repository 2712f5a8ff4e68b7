package dev.lockstep.system.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test corrupt} is the long form. */
class CorruptionIT {

    private static final int TRIALS = 3;
    private static final long SEED = 6;

    @TempDir
    Path home;

    @Test
    @Timeout(value = 6, unit = TimeUnit.MINUTES)
    void aNodeWhoseFilesWereHarmedLosesNothingForTheCluster() throws Exception {
        try (Corruption corruption = new Corruption(home, SEED)) {
            for (int i = 0; i < TRIALS; i++) {
                corruption.trial();
            }
            assertThat(corruption.replicas()).containsExactly(Map.entry(State.INTACT, 12L)); // with the control group's
            System.out.println(corruption);
            assertThat(corruption.undetected()).isEmpty();
            assertThat(corruption.detected()).isGreaterThan(corruption.tried() / 2);
        }
    }
}
