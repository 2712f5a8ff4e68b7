package dev.lockstep.system.elastic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** One round of changes. {@code ./lockstep-test elastic} is the long form. */
@Tag("alone")
class ElasticIT {

    private static final long SEED = 11;
    private static final int LEAST_OPERATIONS = 2_000;
    /** Replicas that two nodes get when they join one, and two more when they join those. */
    private static final int LEAST_MOVES = 2 * 5 + 2 * 2;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path home;

    @Test
    @Timeout(value = 6, unit = TimeUnit.MINUTES)
    void aClusterServesWhileItsNodesComeAndGo() throws Exception {
        ElasticPlan plan = new ElasticPlan(SEED);
        Path failures = Path.of("target", "elastic", "failures");
        try (Elastic elastic = new Elastic(home, failures, SEED, System.out::println)) {
            while (plan.left() > 0) {
                elastic.run(plan.next());
            }
            elastic.end();
            ElasticTally tally = elastic.tally();
            System.out.println(tally.details());
            System.out.println(tally);
            assertThat(tally.isClean()).as(tally + " " + tally.details()).isTrue();
            // It was used, and changed.
            assertThat(tally.operations()).isGreaterThan(LEAST_OPERATIONS);
            assertThat(tally.moves()).isGreaterThanOrEqualTo(LEAST_MOVES);
            assertThat(tally.interruptions()).isPositive();
            assertThat(elastic.nodes()).isEqualTo(3);
        }
    }
}
