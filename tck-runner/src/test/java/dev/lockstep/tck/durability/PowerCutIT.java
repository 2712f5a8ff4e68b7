package dev.lockstep.tck.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test powercut} is the long form. Skipped where there can be no loop-mounted disks. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class PowerCutIT {

    private static final int CUTS = 3;
    private static final int CUTS_WITHOUT_A_LOSS = 10;
    private static final long SEED = 8;

    @TempDir
    Path home;

    @BeforeEach
    void needsLoopDisks() {
        Optional<String> why = LoopDisk.whyNot(home);
        assumeTrue(why.isEmpty(), () -> "Skipped: no loop-mounted disks here: " + why.orElseThrow());
    }

    @Test
    void nothingIsLostThatWasSyncedBeforeItWasAcknowledged() throws Exception {
        try (PowerCut power = new PowerCut(home, "disk", SEED)) {
            for (int i = 0; i < CUTS; i++) {
                power.cut();
            }
            System.out.println("durability=disk " + power);
            assertThat(power.lost()).isEmpty();
        }
    }

    /** Who forgets it can vote twice in a term. */
    @Test
    void aVoteThatWasGivenIsNotForgotten() throws Exception {
        try (PowerCut power = new PowerCut(home, "disk", SEED)) {
            List<Map<Path, Long>> votes = power.votesAroundACut();
            assertThat(votes.get(0)).hasSizeGreaterThan(1);
            votes.get(0)
                    .forEach((file, term) -> assertThat(votes.get(1).get(file))
                            .as("the term in %s", file)
                            .isGreaterThanOrEqualTo(term));
        }
    }

    /** Or nothing would be shown by losing nothing. */
    @Test
    void whatIsSyncedLaterCanBeLost() throws Exception {
        try (PowerCut power = new PowerCut(home, "process", SEED)) {
            for (int i = 0; i < CUTS_WITHOUT_A_LOSS && power.lost().isEmpty(); i++) {
                power.cut();
            }
            System.out.println("durability=process " + power);
            assertThat(power.lost()).isNotEmpty();
        }
    }
}
