package dev.lockstep.benchmarks.moves;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.benchmarks.Outcome;
import org.junit.jupiter.api.Test;

class ReportTest {

    private static Phase phase(double seconds, double p99, double gap) {
        return new Phase(seconds, new Outcome(1_000, 100, 1_000, 2_000, p99, 9_000, 9_900), gap, 0);
    }

    private static Report threeRepetitions() {
        Report report = new Report();
        for (int repetition = 1; repetition <= 3; repetition++) {
            // The machine is slower each time.
            report.add(Report.BEFORE, phase(15, 2_000 * repetition, 0.05));
            report.add(Report.JOIN, phase(10 * repetition, 5_000 * repetition, 0.2));
            report.add(Report.DRAIN, phase(repetition, 4_000, 0.1));
            report.add(Report.FAIL_OVER, phase(5, 9_000, repetition));
            report.add(Report.REMOVE, phase(repetition == 2 ? 30 : 10, 4_000, 1));
            report.add(Report.ADD, phase(repetition == 3 ? 30 : 10, 4_000, 1));
        }
        report.addFailed(2);
        report.addFailed(1);
        return report;
    }

    @Test
    void whatAMoveCostsIsComparedWithinEachRepetition() {
        assertThat(threeRepetitions().summary()).contains(" p99-during/before=2.50 ");
    }

    @Test
    void theLastLineHasTheMedians() {
        assertThat(threeRepetitions().summary())
                .isEqualTo("moves: join=20.0s drain=2.0s failover=2.00s replace=40.0s p99-during/before=2.50 failed=3");
    }

    @Test
    void theTableHasALineForEachPhaseInItsOrder() {
        assertThat(threeRepetitions().table().lines().skip(1))
                .hasSize(6)
                .satisfies(lines -> assertThat(lines.get(1))
                        .startsWith("join ")
                        .contains("20.0 [10.0-30.0]", "10.0 [5.0-15.0]", "2.50 [2.50-2.50]"))
                .last()
                .asString()
                .startsWith("replace: add ");
    }
}
