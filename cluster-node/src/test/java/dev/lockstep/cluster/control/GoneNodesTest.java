package dev.lockstep.cluster.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GoneNodesTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");
    private static final long AFTER = Duration.ofMinutes(5).toNanos();
    private static final Layout FOUR = Layout.settled(
            0,
            Layout.nodes(Stream.of(A, B, C, D)
                    .map(node -> new Member(node, "host-" + node, 7400))
                    .toList()),
            new ShardMap(7, List.of(List.of(A, B, C))));

    private static Layout next(Layout now, Map<NodeId, Long> silentNanos, int replicationFactor) {
        return GoneNodes.next(now, node -> silentNanos.getOrDefault(node, 0L), AFTER, replicationFactor);
    }

    private static List<NodeId> gone(Layout layout) {
        return layout.standing(Standing.GONE);
    }

    @Test
    void aNodeIsGoneOnceItHasNotAnsweredForTheWholeTime() {
        assertThat(next(FOUR, Map.of(), 3)).isSameAs(FOUR);
        assertThat(next(FOUR, Map.of(D, AFTER - 1), 3)).isSameAs(FOUR);
        assertThat(gone(next(FOUR, Map.of(D, AFTER), 3))).containsExactly(D);
    }

    @Test
    void noneIsGoneWhereThereIsNoRoomForItsReplicas() {
        assertThat(next(FOUR, Map.of(D, AFTER), 4)).isSameAs(FOUR);
        Layout three = FOUR.without(C);
        assertThat(next(three, Map.of(D, AFTER), 3)).isSameAs(three);
        assertThat(gone(next(three, Map.of(D, AFTER), 2))).containsExactly(D);
    }

    @Test
    void noneIsGoneWhileAnotherDoesNotAnswerEither() {
        assertThat(next(FOUR, Map.of(D, AFTER, B, GoneNodes.SUSPECT_NANOS), 2)).isSameAs(FOUR);
        assertThat(gone(next(FOUR, Map.of(D, AFTER, B, GoneNodes.SUSPECT_NANOS - 1), 2)))
                .containsExactly(D);
    }

    @Test
    void anotherMayBeGoneOnceTheFirstHasBeenReplaced() {
        Layout one = FOUR.with(D, Standing.GONE);
        assertThat(gone(next(one, Map.of(D, 2 * AFTER, B, AFTER), 2))).containsExactly(B, D);
        assertThat(next(one, Map.of(D, 2 * AFTER, B, AFTER), 3)).isSameAs(one);
    }

    @Test
    void aNodeThatLeavesIsReplacedAnywayAndKeepsOthersFromBeing() {
        Layout leaving = FOUR.with(D, Standing.LEAVING);
        assertThat(next(leaving, Map.of(D, AFTER), 2)).isSameAs(leaving);
        assertThat(next(leaving, Map.of(D, AFTER, B, AFTER), 2)).isSameAs(leaving);
    }

    @Test
    void aNodeThatAnswersIsBack() {
        Layout one = FOUR.with(D, Standing.GONE);
        assertThat(next(one, Map.of(D, GoneNodes.BACK_NANOS), 3)).isSameAs(one);
        assertThat(gone(next(one, Map.of(D, GoneNodes.BACK_NANOS - 1), 3))).isEmpty();
    }
}
