package dev.lockstep.system.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test crash} is the long form. */
class CrashIT {

    private static final int CYCLES = 6;
    /** Each kind of kill twice. */
    private static final long SEED = 7;

    @TempDir
    Path home;

    @Test
    @Timeout(value = 6, unit = TimeUnit.MINUTES)
    void killedNodesComeBackWithAllThatWasAcknowledged() throws Exception {
        try (Crash crash = new Crash(home, SEED)) {
            for (int i = 0; i < CYCLES; i++) {
                crash.cycle();
            }
            System.out.println(crash);
            assertThat(crash.lost()).isEmpty();
            assertThat(crash.killed()).containsOnlyKeys(Crash.Victims.values());
        }
    }
}
