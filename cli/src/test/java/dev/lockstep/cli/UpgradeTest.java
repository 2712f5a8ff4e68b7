package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class UpgradeTest {

    private static final ClusterVersion ONE = new ClusterVersion(1);
    private static final Optional<ClusterVersion.Range> OLD = able(1, 1);
    private static final Optional<ClusterVersion.Range> NEW = able(1, 2);
    private static final Optional<ClusterVersion.Range> NO_ANSWER = Optional.empty();

    private static Optional<ClusterVersion.Range> able(int oldest, int newest) {
        return Optional.of(new ClusterVersion.Range(new ClusterVersion(oldest), new ClusterVersion(newest)));
    }

    private static Upgrade upgrade(Optional<ClusterVersion.Range> first, Optional<ClusterVersion.Range> second) {
        return Upgrade.of(ONE, new TreeMap<>(Map.of(new NodeId("a"), first, new NodeId("b"), second)));
    }

    @Test
    void itIsOverWhenNoNodeCanDoMore() {
        assertThat(upgrade(OLD, OLD).isOver()).isTrue();
        assertThat(upgrade(OLD, OLD).canBeFinalized()).isFalse();
        assertThat(upgrade(OLD, OLD).next()).isEqualTo("This is the newest that its nodes can do");
        assertThat(upgrade(OLD, NO_ANSWER).next()).contains("that answer; node b does not answer");
    }

    @Test
    void itCanBeFinalizedOnceAllNodesCanDoTheNewest() {
        assertThat(upgrade(NEW, NEW)).isEqualTo(new Upgrade(ONE, new ClusterVersion(2), List.of()));
        assertThat(upgrade(NEW, NEW).canBeFinalized()).isTrue();
        assertThat(upgrade(NEW, NEW).next()).contains("All nodes can do version 2", "lockstep cluster finalize");
    }

    @Test
    void itWaitsForNodesThatCantOrDoNotAnswer() {
        assertThat(upgrade(NEW, OLD).canBeFinalized()).isFalse();
        assertThat(upgrade(NEW, OLD).next()).isEqualTo("Not all nodes can do version 2 yet: node b can do version 1");
        assertThat(upgrade(NO_ANSWER, NEW).next()).contains("version 2 yet: node a does not answer");
        assertThat(upgrade(NEW, able(3, 4)).next()).contains("version 4 yet: node a can do versions 1 to 2");
    }
}
