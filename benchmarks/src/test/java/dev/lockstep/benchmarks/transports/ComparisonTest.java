package dev.lockstep.benchmarks.transports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lockstep.benchmarks.Spread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static final Load LOAD = new Load(1, 1);
    private static final Effort THREE_ROUNDS = new Effort(0, 3, 1, 0, List.of(LOAD));

    private final List<String> turns = new ArrayList<>();

    /** Its latencies are given, the first for warming up. */
    private Contender contender(String name, double... latencies) {
        PrimitiveIterator.OfDouble next = DoubleStream.of(latencies).iterator();
        return new Contender() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Figures put(Load load, int seconds) {
                turns.add(name);
                return new Figures(1, next.nextDouble(), 1, 1);
            }

            @Override
            public Duration cpu() {
                return Duration.ZERO;
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void ratiosAreTakenInEachRoundAndWithoutTheWarmUp() throws Exception {
        Comparison comparison =
                new Comparison(List.of(contender("a", 99, 1, 10, 300), contender("b", 1, 2, 40, 400)), THREE_ROUNDS);

        comparison.run();

        Spread ratio = comparison.ratio("a", "b", LOAD, Measured::p50);
        assertThat(ratio.lowest()).isCloseTo(0.25, within(1e-9));
        assertThat(ratio.median()).isCloseTo(0.5, within(1e-9));
        assertThat(ratio.highest()).isCloseTo(0.75, within(1e-9));
    }

    @Test
    void inEachRoundAnotherComesFirst() throws Exception {
        new Comparison(List.of(contender("a", 1, 1, 1, 1), contender("b", 1, 1, 1, 1)), THREE_ROUNDS).run();

        assertThat(turns).containsExactly("a", "b", "b", "a", "a", "b", "b", "a");
    }
}
