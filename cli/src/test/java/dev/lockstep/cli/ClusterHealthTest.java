package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Three nodes with one shard; A leads it and the control group. */
class ClusterHealthTest {

    private static final Member A = member("a");
    private static final Member B = member("b");
    private static final Member C = member("c");

    private final Map<Member, List<ReplicaStatus>> answers = new LinkedHashMap<>();

    ClusterHealthTest() {
        answers.put(A, replicas(true));
        answers.put(B, replicas(false));
        answers.put(C, replicas(false));
    }

    private static Member member(String name) {
        return new Member(new NodeId(name), "localhost", 1);
    }

    private static ReplicaStatus replica(int group, State state, boolean leads, String note) {
        return new ReplicaStatus(group, state, 1, 1, leads, note);
    }

    private static List<ReplicaStatus> replicas(boolean lead) {
        return List.of(replica(ShardMap.CONTROL_GROUP, State.INTACT, lead, ""), replica(0, State.INTACT, lead, ""));
    }

    private ClusterHealth health() {
        ShardMap map = new ShardMap(1, List.of(List.of(A.id(), B.id(), C.id())));
        return ClusterHealth.of(new ClusterView("c", List.of(A, B, C), map, Map.of()), answers, null);
    }

    @Test
    void aWholeClusterHasNoFindings() {
        assertThat(health()).isEqualTo(new ClusterHealth(true, 3, List.of()));
    }

    @Test
    void aNodeThatDoesNotAnswerIsNamedWithWhatItsGroupsLack() {
        answers.remove(C);
        assertThat(health())
                .isEqualTo(new ClusterHealth(
                        true,
                        2,
                        List.of(
                                "Node c@localhost:1 does not answer",
                                "The control group has 2 of 3 replicas intact",
                                "Shard 0 has 2 of 3 replicas intact")));
    }

    @Test
    void aReplicaThatIsNotIntactIsNamedWithWhatItWaitsFor() {
        answers.put(
                B,
                List.of(
                        replica(ShardMap.CONTROL_GROUP, State.INTACT, false, ""),
                        replica(0, State.CATCHING_UP, false, "it is at 7")));
        assertThat(health())
                .isEqualTo(new ClusterHealth(
                        true, 3, List.of("Shard 0 has 2 of 3 replicas intact: b is catching up (it is at 7)")));
    }

    @Test
    void aShardWithoutALeaderIsNotServed() {
        answers.remove(A);
        answers.put(
                C, List.of(replica(ShardMap.CONTROL_GROUP, State.INTACT, true, ""), replica(0, State.LOST, false, "")));
        assertThat(health())
                .isEqualTo(new ClusterHealth(
                        false,
                        2,
                        List.of(
                                "Node a@localhost:1 does not answer",
                                "The control group has 2 of 3 replicas intact",
                                "Shard 0 has no leader, and 1 of 3 replicas intact: c is lost")));
    }

    @Test
    void aGroupWithoutALeaderIsAFindingThoughAllItsReplicasAreIntact() {
        answers.put(
                A,
                List.of(replica(ShardMap.CONTROL_GROUP, State.INTACT, true, ""), replica(0, State.INTACT, false, "")));
        assertThat(health())
                .isEqualTo(new ClusterHealth(false, 3, List.of("Shard 0 has no leader, and 3 of 3 replicas intact")));
    }

    @Test
    void aNodeWhoseReplicasWerePlacedOnOthersIsAFinding() {
        Member d = member("d");
        Layout layout = Layout.settled(
                        0, Layout.nodes(List.of(A, B, C)), new ShardMap(1, List.of(List.of(A.id(), B.id(), C.id()))))
                .adding(d, "")
                .with(d.id(), Standing.GONE);
        assertThat(ClusterHealth.of(new ClusterView("c", layout, Map.of()), answers, null)
                        .findings())
                .singleElement()
                .asString()
                .contains("Node d@localhost:1 has not answered for so long", "lockstep node remove d");
    }

    @Test
    void aDrainedNodeIsAFinding() {
        ShardMap map = new ShardMap(1, List.of(List.of(A.id(), B.id(), C.id())));
        ClusterView view = new ClusterView("c", List.of(A, B, C), map, Map.of());
        assertThat(ClusterHealth.of(view, answers, B.id()).findings())
                .containsExactly("Node b is drained and leads nothing, until: lockstep node undrain b");
    }
}
