package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Formation;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConnectedNodesTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final ConnectedNodes nodes = new ConnectedNodes(() -> node("n1", 1, "16"), world);
    private final List<ConnectedNodes.Process> joined = new ArrayList<>();

    private static NodeIdentity node(String id, long incarnation, String shards) {
        return new NodeIdentity(
                new NodeId(id),
                incarnation,
                new ClusterVersion(2),
                ClusterVersion.Range.OWN,
                new Formation(List.of(new Formation.Fact("shards", shards, id + ".yaml:3", true))));
    }

    private @Nullable Status admit(NodeIdentity peer) {
        Reply.Refused refused = nodes.admit(peer, "somewhere", joined::add);
        return refused == null ? null : refused.status();
    }

    @Test
    void aDifferenceIsNamedWithBothValuesAndWhereTheyAreSet() {
        assertThat(nodes.admit(node("n2", 2, "8"), "somewhere", joined::add))
                .isInstanceOfSatisfying(Reply.Refused.class, refused -> {
                    assertThat(refused.status()).isEqualTo(Status.FORMATION_DIFFERS);
                    assertThat(refused.message())
                            .contains("shards: 16 on node n1 (n1.yaml:3), 8 on node n2 (n2.yaml:3)");
                });
        assertThat(joined).isEmpty();
    }

    @Test
    void aNodeThatCantDoTheVersionOfTheClusterIsRefusedNamingBoth() {
        NodeIdentity old = new NodeIdentity(
                new NodeId("n2"),
                2,
                null,
                new ClusterVersion.Range(new ClusterVersion(1), new ClusterVersion(1)),
                node("n2", 2, "16").formation());
        assertThat(nodes.admit(old, "somewhere", joined::add)).isInstanceOfSatisfying(Reply.Refused.class, refused -> {
            assertThat(refused.status()).isEqualTo(Status.CLUSTER_VERSION);
            assertThat(refused.message()).contains("The cluster has version 2, and node n2 can do version 1");
        });
        ConnectedNodes ofUnformed = new ConnectedNodes(
                () -> new NodeIdentity(
                        new NodeId("n1"),
                        1,
                        null,
                        ClusterVersion.Range.OWN,
                        node("n1", 1, "16").formation()),
                world);
        assertThat(ofUnformed.admit(old, "somewhere", joined::add)).isNull();
    }

    @Test
    void aSecondProcessWithAnIdIsRefusedAsLongAsTheFirstIsAliveAndConnected() {
        assertThat(admit(node("n2", 2, "16"))).isNull();
        assertThat(admit(node("n2", 2, "16"))).isNull();
        assertThat(admit(node("n2", 3, "16"))).isEqualTo(Status.NODE_IN_USE);
        joined.get(0).left();
        assertThat(admit(node("n2", 3, "16"))).isEqualTo(Status.NODE_IN_USE);
        joined.get(1).left();
        assertThat(admit(node("n2", 3, "16"))).isNull();
        assertThat(admit(node("n2", 2, "16"))).isEqualTo(Status.NODE_IN_USE);
    }

    @Test
    void aProcessThatIsNotHeardOfGivesWay() {
        assertThat(admit(node("n2", 2, "16"))).isNull();
        world.pass(Duration.ofSeconds(5));
        joined.get(0).heard();
        world.pass(Duration.ofSeconds(5));
        assertThat(admit(node("n2", 3, "16"))).isEqualTo(Status.NODE_IN_USE);
        world.pass(Duration.ofSeconds(2));
        assertThat(admit(node("n2", 3, "16"))).isNull();
        joined.get(0).left();
        assertThat(admit(node("n2", 2, "16"))).isEqualTo(Status.NODE_IN_USE);
    }

    @Test
    void noOtherProcessIsTheNodeItself() {
        assertThat(admit(node("n1", 2, "16"))).isEqualTo(Status.NODE_IN_USE);
    }
}
