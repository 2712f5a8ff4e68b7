package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code ./lockstep-test log} is the long form. */
@Tag("slow")
class LogScheduleTest {

    private static final int SCHEDULES = Integer.getInteger("lockstep-test.log-schedules", 2_000);

    /** Logs that are killed and files that are refused are what it is about. */
    @BeforeEach
    void silence() {
        System.setProperty("org.slf4j.simpleLogger.log.dev.lockstep.cluster.consensus.ratis", "off");
        System.setProperty("org.slf4j.simpleLogger.log.org.apache.ratis.server.raftlog", "off");
    }

    @Test
    void whateverHappensToItsProcessItsPowerAndItsDiskALogHasWhatItAcknowledgedAndNothingElse() {
        for (long seed = 0; seed < SCHEDULES; seed++) {
            assertThat(LogSchedule.failure(seed, line -> {})).isNull();
        }
    }

    @Test
    void aSeedIsAlwaysTheSameSchedule() {
        List<String> first = new ArrayList<>();
        List<String> second = new ArrayList<>();
        for (long seed = 0; seed < 20; seed++) {
            LogSchedule.failure(seed, line -> first.add(line.replaceAll("/lockstep-log\\d+", "")));
            LogSchedule.failure(seed, line -> second.add(line.replaceAll("/lockstep-log\\d+", "")));
        }
        assertThat(first).hasSizeGreaterThan(400).isEqualTo(second);
        assertThat(first).anyMatch(line -> line.contains("is refused")).contains("loses its power", "is killed");
    }
}
