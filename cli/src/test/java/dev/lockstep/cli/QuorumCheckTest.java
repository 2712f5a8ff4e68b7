package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuorumCheckTest {

    private static final Member A = member("a");
    private static final Member B = member("b");
    private static final Member C = member("c");
    private static final Member D = member("d");

    private final Map<Member, List<ReplicaStatus>> answers = new HashMap<>();

    private static Member member(String name) {
        return new Member(new NodeId(name), "localhost", 1);
    }

    private static ReplicaStatus replica(int group, State state) {
        return new ReplicaStatus(group, state, 1, 1, false, "");
    }

    /** Shard 0 is on all three, shard 1 on B alone. */
    private List<String> lostWithout(Member member) {
        List<NodeId> all = List.of(A.id(), B.id(), C.id());
        ShardMap map = new ShardMap(1, List.of(all, List.of(B.id())));
        return QuorumCheck.lostWithout(member.id(), new ClusterView("c", List.of(A, B, C), map, Map.of()), answers);
    }

    private void intact(Member... members) {
        for (Member member : members) {
            answers.put(
                    member,
                    List.of(
                            replica(ShardMap.CONTROL_GROUP, State.INTACT),
                            replica(0, State.INTACT),
                            replica(1, State.INTACT)));
        }
    }

    @Test
    void nothingIsLostWhileAMajorityIsLeft() {
        intact(A, B, C);
        assertThat(lostWithout(A)).isEmpty();
    }

    @Test
    void aShardOnThatNodeAloneIsLost() {
        intact(A, B, C);
        assertThat(lostWithout(B)).containsExactly("shard 1 (0 of 1)");
    }

    @Test
    void aNodeThatDoesNotAnswerDoesNotCount() {
        intact(A, B);
        assertThat(lostWithout(A)).containsExactly("the control group (1 of 3)", "shard 0 (1 of 3)");
    }

    @Test
    void aReplicaThatCatchesUpDoesNotCount() {
        intact(A, B, C);
        answers.put(C, List.of(replica(ShardMap.CONTROL_GROUP, State.INTACT), replica(0, State.CATCHING_UP)));
        assertThat(lostWithout(A)).containsExactly("shard 0 (1 of 3)");
    }

    @Test
    void aReplicaOnANodeThatDoesNotHostTheShardDoesNotCount() {
        intact(A, B, D);
        assertThat(lostWithout(A)).contains("shard 0 (1 of 3)");
    }
}
