package dev.lockstep.cluster.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The checker against histories of a register that exists, against lies, and against the definitions tried out one by one. */
@Tag("slow")
class CheckerPropertyTest {

    private final Checker checker = new Checker();

    @Test
    void aRealHistoryIsAccepted() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            History history = new Histories(
                            random, 1 + random.nextInt(8), 120, 1 + random.nextInt(3), random.nextDouble() / 6)
                    .generated();
            Report report = checker.check(history);
            assertThat(report.isClean()).as("seed " + seed + ": " + report).isTrue();
        }
    }

    /** A rejected history is explained by calls that are wrong by themselves. */
    @Test
    void aLieIsMostlyNoticed() {
        int refused = 0;
        int lies = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Random random = new Random(seed);
            Histories histories = new Histories(random, 4, 80, 1, 0.05);
            History history = histories.generated();
            History lie = histories.mutated(history);
            if (!lie.equals(history)) {
                Report report = checker.check(lie);
                assertThat(report.unknown()).as("seed " + seed).isEmpty();
                lies++;
                refused += report.isClean() ? 0 : 1;
                for (Verdict.Violation violation : report.violations()) {
                    Report alone = checker.check(lie.with(violation.calls()));
                    assertThat(alone.violations()).as("seed " + seed).hasSize(1);
                }
            }
        }
        System.out.printf("lies=%d refused=%d%n", lies, refused);
        assertThat(lies).isGreaterThan(900);
        assertThat(refused).isGreaterThan(lies * 3 / 4);
    }

    @Test
    void agreesWithTheDefinitions() {
        int possible = 0;
        int impossible = 0;
        int session = 0;
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            Histories histories = new Histories(random, 3, 4 + random.nextInt(4), 1, random.nextDouble() / 6);
            History history = histories.generated();
            for (int lie = random.nextInt(3); lie > 0; lie--) {
                history = histories.mutated(history);
            }
            for (Map.Entry<String, List<Call>> key : history.byKey().entrySet()) {
                Long vanishAfter = history.vanishing().get(key.getKey());
                boolean linearizable = new BruteForce(key.getValue(), vanishAfter, false).isPossible();
                boolean fine = linearizable && new BruteForce(key.getValue(), vanishAfter, true).isPossible();
                Report report = checker.check(history);
                String said = "seed " + seed + ": " + HistoryText.write(history) + report;
                assertThat(report.isClean()).as(said).isEqualTo(fine);
                if (!fine) {
                    assertThat(report.violations().get(0).rule() == Verdict.Rule.LINEARIZABLE)
                            .as(said)
                            .isEqualTo(!linearizable);
                }
                possible += fine ? 1 : 0;
                impossible += linearizable ? 0 : 1;
                session += linearizable && !fine ? 1 : 0;
            }
        }
        System.out.printf("possible=%d not-linearizable=%d session-broken=%d%n", possible, impossible, session);
        assertThat(possible).isGreaterThan(5_000);
        assertThat(impossible).isGreaterThan(3_000);
        assertThat(session).isGreaterThan(1_000);
    }
}
