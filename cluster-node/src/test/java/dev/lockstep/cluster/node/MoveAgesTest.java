package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.Layout.Move;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MoveAgesTest {

    private final MoveAges ages = new MoveAges();

    private static Move move(long since) {
        return new Move(List.of(), List.of(), since);
    }

    @Test
    void aMoveIsAsOldAsItHasBeenKnownAndNothingOnceItIsOver() {
        assertThat(ages.oldestNanos(5)).isZero();
        ages.learn(Map.of(1, move(3)), 10);
        ages.learn(Map.of(1, move(3), 2, move(4)), 30);
        assertThat(ages.oldestNanos(50)).isEqualTo(40);

        ages.learn(Map.of(2, move(4)), 60);
        assertThat(ages.oldestNanos(70)).isEqualTo(40);

        ages.learn(Map.of(), 80);
        assertThat(ages.oldestNanos(90)).isZero();
    }

    @Test
    void aMoveThatIsPlannedAnewBeginsAnew() {
        ages.learn(Map.of(1, move(3)), 10);
        ages.learn(Map.of(1, move(5)), 30);

        assertThat(ages.oldestNanos(50)).isEqualTo(20);
    }
}
