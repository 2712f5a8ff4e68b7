package dev.lockstep.system.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test powercut} is the long form. Skipped where there are no loop-mounted disks, or no gcc. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class PowerCutIT {

    private static final int CUTS = 2;
    private static final int CUTS_WITHOUT_A_LOSS = 10;
    /** A disk that is not the fastest. */
    private static final int SYNC_MILLIS = 20;
    /** A slow one: else there is little between an acknowledgement and the sync behind it. */
    private static final int LATE_SYNC_MILLIS = 1_000;

    private static final long SEED = 8;

    @TempDir
    Path home;

    @BeforeEach
    void needsLoopDisksAndACompiler() {
        Optional<String> why = LoopDisk.whyNot(home);
        assumeTrue(why.isEmpty(), () -> "Skipped: no loop-mounted disks here: " + why.orElseThrow());
        try {
            FaultyCalls.compile(home, home);
        } catch (IOException failure) {
            assumeTrue(false, () -> "Skipped: nothing can be compiled here: " + failure.getMessage());
        }
    }

    @Test
    void nothingIsLostThatWasSyncedBeforeItWasAcknowledged() throws Exception {
        try (PowerCut power = new PowerCut(home, "disk", SYNC_MILLIS, SEED)) {
            for (int i = 0; i < CUTS; i++) {
                power.cut();
            }
            System.out.println("durability=disk " + power);
            assertThat(power.lost()).isEmpty();
        }
    }

    /** Or nothing would be shown by losing nothing. */
    @Test
    void writesSyncedInTheBackgroundCanBeLost() throws Exception {
        try (PowerCut power = new PowerCut(home, "process", LATE_SYNC_MILLIS, SEED)) {
            for (int i = 0; i < CUTS_WITHOUT_A_LOSS && power.lost().isEmpty(); i++) {
                power.cut();
            }
            System.out.println("durability=process " + power);
            assertThat(power.lost()).isNotEmpty();
        }
    }
}
