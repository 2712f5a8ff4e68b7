package dev.lockstep.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.benchmarks.Outcome;
import dev.lockstep.benchmarks.Spread;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResultsTest {

    private static final Topology TOPOLOGY = Topology.CLIENT_SERVER;
    private static final Load PUT = Load.closed(Operation.PUT, 1);

    private final Results results = new Results();

    private void add(Contestant contestant, int cycle, double rate) {
        Outcome outcome = new Outcome(1_000, rate, 1, 2, 3, 4, 5);
        results.add(new Results.Entry(TOPOLOGY, contestant, cycle, PUT, new Measured(outcome, 7)));
    }

    private Optional<Spread> ratio() {
        return results.ratio(TOPOLOGY, Contestant.LOCKSTEP, Contestant.HAZELCAST, PUT, Measured::rate);
    }

    @Test
    void ratiosAreTakenWithinEachCycle() {
        add(Contestant.LOCKSTEP, 1, 100);
        add(Contestant.HAZELCAST, 1, 200);
        add(Contestant.HAZELCAST, 2, 10);
        add(Contestant.LOCKSTEP, 2, 10);

        assertThat(ratio()).contains(new Spread(0.5, 0.75, 1));
    }

    @Test
    void aCycleInWhichOneIsMissingHasNoRatio() {
        add(Contestant.LOCKSTEP, 1, 100);
        add(Contestant.HAZELCAST, 2, 200);
        assertThat(ratio()).isEmpty();

        add(Contestant.LOCKSTEP, 2, 300);
        assertThat(ratio()).contains(new Spread(1.5, 1.5, 1.5));
    }

    @Test
    void theOrderOfTurnsIsReversedInEverySecondCycle() {
        Effort effort = Effort.full();
        assertThat(effort.turns(TOPOLOGY, 1))
                .containsExactly(Contestant.LOCKSTEP, Contestant.HAZELCAST, Contestant.INFINISPAN, Contestant.IGNITE);
        assertThat(effort.turns(TOPOLOGY, 2))
                .containsExactly(Contestant.IGNITE, Contestant.INFINISPAN, Contestant.HAZELCAST, Contestant.LOCKSTEP);
        assertThat(effort.turns(Topology.LOCAL, 3)).containsExactly(Contestant.LOCKSTEP, Contestant.CAFFEINE);
    }

    @Test
    void figuresAndFailuresAreInTheFileAndOnThePage() {
        add(Contestant.LOCKSTEP, 1, 1234.5);
        results.add(new Results.Turn(TOPOLOGY, Contestant.HAZELCAST, 1, 0, false, Optional.of("no \"route\"\n<b>")));

        assertThat(Json.of(results))
                .contains(
                        "\"operation\": \"put\", \"callers\": 1, \"target\": 0, \"operations\": 1000, \"rate\": 1234.50")
                .contains("\"failure\": \"no \\\"route\\\"\\u000a<b>\"");
        assertThat(new Page(results).html())
                .contains("<svg ", "put, operations/s", "1 caller, Lockstep")
                .contains("no \"route\"\n&lt;b&gt;");
    }

    @Test
    void anOutcomeIsTheSameBehindTheWire() {
        Outcome outcome = new Outcome(12, 3.5, 1, 2, 3, 4, 5.125);
        assertThat(Outcome.parse(outcome.text())).isEqualTo(outcome);
    }
}
