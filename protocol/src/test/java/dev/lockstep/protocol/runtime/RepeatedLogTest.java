package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RepeatedLogTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final RepeatedLog log = new RepeatedLog(world);
    private final List<String> written = new ArrayList<>();

    @Test
    void aLineThatIsSaidAgainAndAgainIsWrittenOnceAMinute() {
        for (int i = 0; i < 542; i++) {
            log.say("refused", "refused", written::add);
        }
        log.say("another", "another", written::add);
        assertThat(written).containsExactly("refused", "another");
        world.pass(Duration.ofMinutes(2));
        log.say("refused", "refused", written::add);
        assertThat(written).hasSize(3).last().asString().contains("refused", "541 times more");
    }
}
