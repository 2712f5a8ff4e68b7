package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdmissionTest {

    private static final Member A = new Member(new NodeId("a"), "host", 1);
    private static final Member B = new Member(new NodeId("b"), "host", 2);
    private static final Layout FORMATION = layout(Layout.UNFORMED, A, B);

    private static Layout layout(long version, Member... members) {
        return Layout.settled(0, Layout.nodes(List.of(members)), new ShardMap(version, List.of(List.of(A.id()))));
    }

    private static ClusterView view(Layout layout) {
        return new ClusterView("c", layout, Map.of());
    }

    @Test
    void aNodeOfAClusterThatIsBeingFormedIsAMember() {
        Admission admission = new Admission(B, false, null, FORMATION, ClusterVersion.Range.OWN);
        assertThat(admission.learn(view(FORMATION))).isNull();
        assertThat(admission.await(Duration.ZERO)).isEqualTo(FORMATION);
    }

    @Test
    void aNodeStartsWithTheNewestLayoutThatNamesIt() {
        Admission admission = new Admission(B, true, layout(3, A, B), FORMATION, ClusterVersion.Range.OWN);
        Layout newer = layout(5, A, B);
        assertThat(admission.learn(view(newer))).isNull();
        assertThat(admission.learn(view(layout(4, A)))).isNull();
        assertThat(admission.await(Duration.ZERO)).isEqualTo(newer);
    }

    @Test
    void theSettingsSayBetterWhereMembersAre() {
        Member moved = new Member(A.id(), "host", 3);
        Layout formation = layout(Layout.UNFORMED, moved, B);
        assertThat(new Admission(B, true, layout(3, A, B), formation, ClusterVersion.Range.OWN).await(Duration.ZERO))
                .isEqualTo(layout(3, moved, B));
        Admission admission = new Admission(B, true, layout(3, A, B), formation, ClusterVersion.Range.OWN);
        admission.learn(view(layout(4, A, B)));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(layout(4, moved, B));
    }

    @Test
    void aNodeThatAFormedClusterDoesNotKnowWaitsUntilItIsAdded() {
        Admission admission = new Admission(B, false, null, FORMATION, ClusterVersion.Range.OWN);
        admission.learn(view(layout(3, A)));
        assertThatThrownBy(() -> admission.await(Duration.ofMillis(1)))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("lockstep node add b@host:2");
        admission.learn(view(layout(4, A, B)));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(layout(4, A, B));
    }

    @Test
    void aNodeThatWasRemovedWhileItWasDownComesBackOnlyWhenItIsAddedAgain() {
        Layout removed = layout(3, A, B).without(B.id());
        Admission admission = new Admission(B, true, layout(3, A, B), FORMATION, ClusterVersion.Range.OWN);
        admission.learn(view(removed));
        assertThatThrownBy(() -> admission.await(Duration.ZERO))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("lockstep node add b@host:2");
        admission.learn(view(removed.adding(B, "")));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(removed.adding(B, ""));
    }

    @Test
    void aNodeThatWasRemovedAndHasForgottenWhatItSaidDoesNotComeBack() {
        Layout removed = layout(4, A, B).without(B.id());
        Admission waiting = new Admission(B, false, null, FORMATION, ClusterVersion.Range.OWN);
        waiting.learn(view(removed));
        assertThatThrownBy(() -> waiting.await(Duration.ofSeconds(10)))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("its data folder is empty");
        Admission added = new Admission(B, false, null, FORMATION, ClusterVersion.Range.OWN);
        added.learn(view(removed.adding(B, "")));
        assertThatThrownBy(() -> added.await(Duration.ZERO)).hasMessageContaining("its data folder is empty");
        Admission remembers = new Admission(B, true, layout(4, A, B), FORMATION, ClusterVersion.Range.OWN);
        remembers.learn(view(removed.adding(B, "")));
        assertThat(remembers.await(Duration.ZERO).member(B.id())).isEqualTo(B);
    }

    @Test
    void aRunningNodeThatHasCopiedItsRemovalStopsBeforeOthersTellItSo() {
        Admission admission = new Admission(B, true, layout(3, A, B), FORMATION, ClusterVersion.Range.OWN);
        admission.await(Duration.ZERO);
        assertThat(admission.follow("c", layout(4, A, B))).isNull();
        assertThat(admission.follow("c", layout(5, A)))
                .contains("removed from cluster c", "lockstep node add b@host:2");
        assertThat(admission.learn(view(layout(5, A)))).as("it has stopped").isNull();
    }

    @Test
    void aRunningNodeThatIsRemovedStops() {
        Admission admission = new Admission(B, true, layout(3, A, B), FORMATION, ClusterVersion.Range.OWN);
        admission.await(Duration.ZERO);
        assertThat(admission.learn(view(layout(3, A)))).isNull();
        assertThat(admission.learn(view(layout(5, A))))
                .contains("removed from cluster c", "lockstep node add b@host:2");
    }

    @Test
    void aNodeThatCantDoTheVersionOfTheClusterDoesNotStartAndStopsWhenItRuns() {
        ClusterVersion.Range older = new ClusterVersion.Range(new ClusterVersion(1), new ClusterVersion(1));
        for (Layout newer : List.of(layout(3, A), layout(3, A, B))) {
            Admission admission = new Admission(B, false, null, FORMATION, older);
            assertThat(admission.learn(view(newer))).isNull();
            assertThatThrownBy(() -> admission.await(Duration.ofSeconds(10)))
                    .isInstanceOf(RequestFailedException.class)
                    .hasMessageContaining("The cluster has version 3, and node b can do version 1");
        }
        Layout first = Layout.settled(
                0, new ClusterVersion(1), FORMATION.nodes(), layout(3, A, B).map());
        Admission running = new Admission(B, true, first, FORMATION, older);
        assertThat(running.await(Duration.ZERO)).isEqualTo(first);
        assertThat(running.learn(view(first.raised(ClusterVersion.NEWEST))))
                .contains("Node b stops", "has version 3, and node b can do version 1");
    }

    @Test
    void aNodeWithoutWhichTheClusterWasFormedStops() {
        Admission admission = new Admission(B, false, null, FORMATION, ClusterVersion.Range.OWN);
        admission.await(Duration.ZERO);
        assertThat(admission.learn(view(layout(1, A)))).contains("formed without it");
        assertThat(admission.learn(view(layout(1, A, B)))).isNull();
    }
}
