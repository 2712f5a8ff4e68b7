package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Layout.Standing;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The moves of shard 0, led by node a of four. */
class ReplicaMovesTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");
    private static final Layout FOUR = Layout.settled(
            0,
            Layout.nodes(List.of(member(A), member(B), member(C), member(D))),
            new ShardMap(7, List.of(List.of(A, B, C))));

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final List<Request.ReplicasMoved> reports = new ArrayList<>();
    private final List<Set<NodeId>> changes = new ArrayList<>();
    private final ReplicaMoves moves = new ReplicaMoves(A, peers, reports::add, world, world);
    private Reply opening = new Reply.Done();
    private @Nullable Exception failure;
    private boolean committed = true;
    private Leadership leadership = ScriptedLog.leading(1, A, Set.of(A, B, C));

    private static Member member(NodeId id) {
        return new Member(id, "host-" + id, 7400);
    }

    private final class Shard implements ReplicaMoves.Group {

        @Override
        public int number() {
            return 0;
        }

        @Override
        public Leadership leadership() {
            return leadership;
        }

        @Override
        public boolean votersAreCommitted() {
            return committed;
        }

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            changes.add(to);
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            leadership = ScriptedLog.leading(1, A, to);
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Time passes; a node that is asked to open a replica has it open, or says why not. */
    private void pass(Layout layout, Duration time) {
        for (long millis = 0; millis < time.toMillis(); millis += 20) {
            moves.tick(layout, List.of(new Shard()));
            peers.questions().forEach(question -> {
                assertThat(question.request()).isInstanceOf(Request.OpenReplica.class);
                peers.answer(question, opening);
            });
            world.pass(Duration.ofMillis(20));
        }
    }

    @Test
    void aMoveIsReportedByTheVersionThatDecidedItOnceTheVotersAreAsWanted() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D))).with(C, Standing.LEAVING);
        pass(moving, Duration.ofSeconds(1));
        assertThat(changes).containsExactly(Set.of(A, B, D));
        assertThat(moves.counts()).isEqualTo(new ReplicaMoves.Counts(1, 0, 0));
        assertThat(reports).isNotEmpty().containsOnly(new Request.ReplicasMoved(0, FOUR.version() + 1));
    }

    @Test
    void aMoveIsNotReportedBeforeItsVotersAreCommitted() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D)));
        leadership = ScriptedLog.leading(2, A, Set.of(A, B, D));
        committed = false;
        pass(moving, Duration.ofSeconds(1));
        assertThat(reports).isEmpty();
        committed = true;
        pass(moving, Duration.ofSeconds(1));
        assertThat(reports).isNotEmpty();
        assertThat(changes).isEmpty();
    }

    @Test
    void theVotersDoNotChangeBeforeTheNewReplicaIsOpen() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D)));
        opening = HostedGroups.later("The replica is being opened");
        pass(moving, Duration.ofSeconds(1));
        assertThat(changes).isEmpty();
        opening = new Reply.Done();
        pass(moving, Duration.ofSeconds(1));
        assertThat(changes).containsExactly(Set.of(A, B, D));
    }

    @Test
    void aChangeThatFailsIsCountedAndTriedAgain() {
        Layout moving = FOUR.moving(Map.of(0, List.of(A, B, D)));
        failure = new TimeoutException("too slow");
        pass(moving, Duration.ofSeconds(1));
        assertThat(changes).hasSizeGreaterThan(1);
        assertThat(moves.counts()).isEqualTo(new ReplicaMoves.Counts(0, changes.size(), 0));
    }

    @Test
    void votersThatNoMoveExplainsAreChangedBackAfterAWhile() {
        leadership = ScriptedLog.leading(1, A, Set.of(A, B, D));
        pass(FOUR, Duration.ofMillis(9_900));
        assertThat(changes).isEmpty();
        pass(FOUR, Duration.ofMillis(500));
        assertThat(changes).containsExactly(Set.of(A, B, C));
        assertThat(reports).isEmpty();
    }

    @Test
    void aNewLeaderWaitsAsLongBeforeItChangesVotersBack() {
        leadership = ScriptedLog.leading(1, A, Set.of(A, B, D));
        pass(FOUR, Duration.ofSeconds(9));
        leadership = ScriptedLog.following(2, B, Set.of(A, B, D));
        pass(FOUR, Duration.ofSeconds(2));
        leadership = ScriptedLog.leading(3, A, Set.of(A, B, D));
        pass(FOUR, Duration.ofSeconds(9));
        assertThat(changes).isEmpty();
    }

    @Test
    void aClusterThatIsBeingFormedMovesNothing() {
        leadership = ScriptedLog.leading(1, A, Set.of(A, B));
        Layout unformed = Layout.settled(0, FOUR.nodes(), new ShardMap(Layout.UNFORMED, List.of(List.of(A, B, C))));
        pass(unformed, Duration.ofSeconds(20));
        assertThat(changes).isEmpty();
    }
}
