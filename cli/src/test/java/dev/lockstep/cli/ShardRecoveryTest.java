package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cli.ShardRecovery.Order;
import dev.lockstep.cli.ShardRecovery.Replica;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardRecoveryTest {

    private static final Member N1 = member("n1");
    private static final Member N2 = member("n2");
    private static final Member N3 = member("n3");

    private static Member member(String name) {
        return new Member(new NodeId(name), "127.0.0.1", 7400);
    }

    private static Replica replica(Member member, State state, long term, long position) {
        return new Replica(member, new ReplicaStatus(3, state, term, position, false, ""));
    }

    private static ShardRecovery plan(Replica... replicas) {
        return ShardRecovery.plan("3", List.of(replicas), 3);
    }

    @Test
    void theOneThatKnowsEverythingIsElectedByTheOthers() {
        ShardRecovery plan = plan(
                replica(N1, State.LOST, 0, 0), replica(N2, State.INTACT, 7, 90), replica(N3, State.TRUNCATED, 9, 95));
        assertThat(plan.term()).isEqualTo(10);
        assertThat(plan.orders()).containsExactly(new Order(N1, false), new Order(N3, false));
    }

    @Test
    void withoutAnIntactReplicaThoseWithALogMayBeElected() {
        ShardRecovery plan = plan(
                replica(N1, State.LOST, 0, 99),
                replica(N2, State.TRUNCATED, 4, 10),
                replica(N3, State.CATCHING_UP, 5, 20));
        assertThat(plan.orders()).containsExactly(new Order(N1, false), new Order(N2, true), new Order(N3, true));
    }

    @Test
    void ifAllLogsAreGoneTheNewestCheckpointCounts() {
        ShardRecovery plan =
                plan(replica(N1, State.LOST, 0, 40), replica(N2, State.LOST, 0, 50), replica(N3, State.NEW, 0, 0));
        assertThat(plan.term()).isEqualTo(1);
        assertThat(plan.orders()).containsExactly(new Order(N1, false), new Order(N2, true), new Order(N3, false));
        assertThat(plan.toString()).contains("n2 (with what it has)", "n3 (with nothing)", "is lost");
    }

    @Test
    void aShardThatServesOrHasTooFewReplicasIsRefused() {
        Replica leader = new Replica(N2, new ReplicaStatus(3, State.INTACT, 7, 90, true, ""));
        assertThatThrownBy(() -> plan(replica(N1, State.LOST, 0, 0), leader))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("n2 leads it");
        assertThatThrownBy(() -> plan(replica(N1, State.LOST, 0, 0)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("only 1 answer");
        assertThatThrownBy(() -> plan(replica(N1, State.INTACT, 7, 0), replica(N2, State.STOPPED, 7, 0)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("has lost anything");
    }
}
