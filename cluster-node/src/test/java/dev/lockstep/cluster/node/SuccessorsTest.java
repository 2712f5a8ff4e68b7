package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.node.Successors.HandOver;
import dev.lockstep.cluster.node.Successors.Led;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SuccessorsTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final Leadership LEADING = new Leadership(7, true, true, A, List.of(Set.of(A, B, C)));

    private static Led led(int group, long applied) {
        return new Led(group, LEADING, applied);
    }

    private static ReplicaStatus follower(int group, long position) {
        return new ReplicaStatus(group, State.INTACT, 7, position, false, "");
    }

    private static ReplicaStatus leader(int group) {
        return new ReplicaStatus(group, State.INTACT, 7, 10, true, "");
    }

    @Test
    void theSuccessorIsTheUpToDateNodeThatLeadsFewest() {
        var answers = Map.of(
                B, List.of(follower(0, 10), leader(1), leader(2)),
                C, List.of(follower(0, 10), leader(3)));
        assertThat(Successors.of(led(0, 10), A, answers, Map.of())).isEqualTo(C);
        assertThat(Successors.of(led(0, 10), A, answers, Map.of(C, 2))).isEqualTo(B);
    }

    @Test
    void aReplicaThatStillReplaysIsNotChosen() {
        long far = 5 * Successors.MAX_BEHIND;
        var answers = Map.of(
                B, List.of(follower(0, far - Successors.MAX_BEHIND), leader(1)),
                C, List.of(follower(0, far - Successors.MAX_BEHIND - 1)));
        assertThat(Successors.of(led(0, far), A, answers, Map.of())).isEqualTo(B);
    }

    @Test
    void nonVotersAndStoppedOrLeavingReplicasAreNotChosen() {
        for (State state : State.values()) {
            var answers = Map.of(B, List.of(new ReplicaStatus(0, state, 7, 10, false, "")));
            assertThat(Successors.of(led(0, 10), A, answers, Map.of())).isEqualTo(state == State.INTACT ? B : null);
        }
        var leaving = Map.of(B, List.of(follower(0, 10).noting(ReplicaStatus.LEAVING)));
        assertThat(Successors.of(led(0, 10), A, leaving, Map.of())).isNull();
        assertThat(Successors.isLeaving(leaving.get(B))).isTrue();
    }

    @Test
    void aReplicaThatHasNotAnsweredOrIsNoVoterIsNotChosen() {
        assertThat(Successors.of(led(0, 10), A, Map.of(), Map.of())).isNull();
        assertThat(Successors.of(led(0, 10), A, Map.of(new NodeId("d"), List.of(follower(0, 10))), Map.of()))
                .isNull();
    }

    @Test
    void theNodeThatLeadsFewestIsChosen() {
        List<Led> led = List.of(led(0, 10), led(1, 10), led(2, 10));
        var answers = Map.of(
                B, List.of(follower(0, 10), follower(1, 10), follower(2, 10), leader(3)),
                C, List.of(follower(1, 10), follower(3, 10)));
        assertThat(Successors.fromTooMany(led, A, answers)).isEqualTo(new HandOver(1, C));
    }

    /** Or it would be handed back at once. */
    @Test
    void nothingIsHandedToANodeThatWouldThenLeadMore() {
        List<Led> led = List.of(led(0, 10), led(1, 10));
        var answers = Map.of(B, List.of(follower(0, 10), follower(1, 10), leader(2)));
        assertThat(Successors.fromTooMany(led, A, answers)).isNull();
    }

    @Test
    void aShareIsWhatEachLeadsIfAllLeadTheSame() {
        assertThat(Successors.share(Collections.nCopies(17, LEADING))).isEqualTo(6);
        assertThat(Successors.share(Collections.nCopies(3, LEADING))).isEqualTo(1);
        assertThat(Successors.share(IntStream.range(0, 5)
                        .mapToObj(i -> new Leadership(1, true, true, A, List.of(Set.of(A))))
                        .toList()))
                .isEqualTo(5);
    }
}
