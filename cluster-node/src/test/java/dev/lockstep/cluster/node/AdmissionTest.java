package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.RequestFailedException;
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
        return Layout.settled(List.of(members), new ShardMap(version, List.of(List.of(A.id()))));
    }

    private static ClusterView view(Layout layout) {
        return new ClusterView("c", layout, Map.of());
    }

    @Test
    void aNodeOfAClusterThatIsBeingFormedIsAMember() {
        Admission admission = new Admission(B, null, FORMATION);
        assertThat(admission.learn(A, view(FORMATION))).isNull();
        assertThat(admission.await(Duration.ZERO)).isEqualTo(FORMATION);
    }

    @Test
    void aNodeStartsWithTheNewestLayoutThatNamesIt() {
        Admission admission = new Admission(B, layout(3, A, B), FORMATION);
        Layout newer = layout(5, A, B);
        assertThat(admission.learn(A, view(newer))).isNull();
        assertThat(admission.learn(A, view(layout(4, A)))).isNull();
        assertThat(admission.await(Duration.ZERO)).isEqualTo(newer);
    }

    @Test
    void aMemberThatAnswersElsewhereThanTheLayoutSaysIsThere() {
        Member moved = new Member(A.id(), "host", 3);
        Admission admission = new Admission(B, layout(3, A, B), FORMATION);
        admission.learn(moved, view(layout(3, A, B)));
        assertThat(admission.newest()).as("another answered").isEqualTo(layout(3, A, B));
        admission.learn(moved, view(layout(3, moved, B)));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(layout(3, moved, B));
    }

    @Test
    void aNodeKnowsBestWhereItIsItself() {
        Member moved = new Member(B.id(), "host", 3);
        assertThat(new Admission(moved, layout(3, A, B), FORMATION).await(Duration.ZERO))
                .isEqualTo(layout(3, A, moved));
        Admission admission = new Admission(moved, layout(3, A, B), FORMATION);
        admission.learn(A, view(layout(4, A, B)));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(layout(4, A, moved));
    }

    @Test
    void aNodeThatAFormedClusterDoesNotKnowWaitsUntilItIsAdded() {
        Admission admission = new Admission(B, null, FORMATION);
        admission.learn(A, view(layout(3, A)));
        assertThatThrownBy(() -> admission.await(Duration.ofMillis(1)))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("lockstep node add b@host:2");
        admission.learn(A, view(layout(4, A, B)));
        assertThat(admission.await(Duration.ZERO)).isEqualTo(layout(4, A, B));
    }

    @Test
    void aNodeThatWasRemovedWhileItWasDownDoesNotComeBackByItself() {
        Admission admission = new Admission(B, layout(3, A, B), FORMATION);
        admission.learn(A, view(layout(4, A)));
        assertThatThrownBy(() -> admission.await(Duration.ZERO))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("has been removed");
    }

    @Test
    void aRunningNodeThatIsRemovedStops() {
        Admission admission = new Admission(B, layout(3, A, B), FORMATION);
        admission.await(Duration.ZERO);
        assertThat(admission.learn(A, view(layout(3, A)))).isNull();
        assertThat(admission.learn(A, view(layout(5, A))))
                .contains("removed from cluster c", "lockstep node add b@host:2");
    }

    @Test
    void aNodeWithoutWhichTheClusterWasFormedStops() {
        Admission admission = new Admission(B, null, FORMATION);
        admission.await(Duration.ZERO);
        assertThat(admission.learn(A, view(layout(1, A)))).contains("formed without it");
        assertThat(admission.learn(A, view(layout(1, A, B)))).isNull();
    }
}
