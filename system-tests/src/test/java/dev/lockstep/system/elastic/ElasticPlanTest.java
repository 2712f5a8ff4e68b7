package dev.lockstep.system.elastic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.system.elastic.ElasticPlan.Act;
import dev.lockstep.system.elastic.ElasticPlan.Grow;
import dev.lockstep.system.elastic.ElasticPlan.Interrupt;
import dev.lockstep.system.elastic.ElasticPlan.Phase;
import dev.lockstep.system.elastic.ElasticPlan.Replace;
import dev.lockstep.system.elastic.ElasticPlan.RollingRestart;
import dev.lockstep.system.elastic.ElasticPlan.RollingUpgrade;
import dev.lockstep.system.elastic.ElasticPlan.Shrink;
import dev.lockstep.system.elastic.ElasticPlan.Victim;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ElasticPlanTest {

    private static List<Phase> phases(ElasticPlan plan, int count) {
        List<Phase> phases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            phases.add(plan.next());
        }
        return phases;
    }

    @Test
    void theFirstRoundIsTheSameForAllSeeds() {
        ElasticPlan plan = new ElasticPlan(1);
        int count = plan.left();
        List<Phase> first = phases(plan, count);

        assertThat(first)
                .containsExactly(
                        new Grow(3),
                        new Grow(5),
                        new Replace(),
                        new Interrupt(Victim.COORDINATOR, Act.REMOVAL),
                        new Shrink(3),
                        new RollingUpgrade());
        assertThat(phases(new ElasticPlan(2), count)).isEqualTo(first);
    }

    @Test
    void eachFurtherRoundHasEveryPhaseOnce() {
        ElasticPlan plan = new ElasticPlan(3);
        phases(plan, plan.left());

        assertThat(IntStream.range(0, 20)).allSatisfy(round -> {
            List<Phase> phases = phases(plan, 7);
            assertThat(phases)
                    .startsWith(new Grow(5))
                    .endsWith(new Shrink(3))
                    .contains(new Replace(), new RollingRestart());
            assertThat(phases.stream().filter(Interrupt.class::isInstance).map(phase -> ((Interrupt) phase).victim()))
                    .containsExactlyInAnyOrder(Victim.values());
            assertThat(phases.stream()
                            .filter(phase -> phase instanceof Interrupt interrupt && interrupt.act() == Act.REMOVAL))
                    .hasSize(1);
        });
    }
}
