package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.node.LeadershipTransfers.Standing;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Node a of three, which leads everything. */
class LeadershipTransfersTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final Set<NodeId> ALL = Set.of(A, B, C);
    private static final int GROUPS = 6;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long QUIET = LeadershipTransfers.QUIET_NANOS + 1;

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final List<ScriptedLog> logs = IntStream.range(0, GROUPS)
            .mapToObj(i -> new ScriptedLog(ScriptedLog.leading(1, A, ALL)))
            .toList();
    private boolean leased;
    private final Set<Integer> moving = new HashSet<>();
    private Standing standing = Standing.LEADS;
    private final LeadershipTransfers handOvers =
            new LeadershipTransfers(A, this::groups, () -> standing, peers, world, world, PATIENCE.toNanos());

    private List<LeadershipTransfers.Group> groups() {
        List<LeadershipTransfers.Group> groups = new ArrayList<>();
        for (int i = 0; i < GROUPS; i++) {
            ScriptedLog log = logs.get(i);
            groups.add(new Group(i, log));
        }
        return groups;
    }

    private final class Group implements LeadershipTransfers.Group {

        private final int number;
        private final ScriptedLog log;

        Group(int number, ScriptedLog log) {
            this.number = number;
            this.log = log;
        }

        @Override
        public int number() {
            return number;
        }

        @Override
        public Leadership leadership() {
            return log.leadership();
        }

        @Override
        public long applied() {
            return log.appliedPosition();
        }

        @Override
        public boolean mustTransfer() {
            return moving.contains(number);
        }

        @Override
        public boolean handOver(NodeId successor, long givenUpNanos, boolean despiteLeases) {
            assertThat(givenUpNanos).isEqualTo(PATIENCE.toNanos());
            if (leased && !despiteLeases) {
                return false;
            }
            log.stepDown(successor);
            return true;
        }
    }

    private static List<ReplicaStatus> leading(Integer... groups) {
        return IntStream.range(0, GROUPS)
                .mapToObj(group -> new ReplicaStatus(
                        group, State.INTACT, 1, 0, List.of(groups).contains(group), ""))
                .toList();
    }

    private static List<ReplicaStatus> wholeAndFollowing() {
        return leading();
    }

    /** Time passes; a node that is asked answers with the states of its replicas, or null for no answer. */
    private void pass(Duration time, @Nullable List<ReplicaStatus> b, @Nullable List<ReplicaStatus> c) {
        for (long millis = 0; millis < time.toMillis(); millis += 20) {
            handOvers.tick(QUIET);
            for (ScriptedPeers.Question question : peers.questions()) {
                assertThat(question.request()).isInstanceOf(Request.DescribeReplicas.class);
                List<ReplicaStatus> replicas = question.peer().equals(B) ? b : c;
                if (replicas != null) {
                    peers.answer(question, new Reply.Replicas(replicas));
                }
            }
            world.pass(Duration.ofMillis(20));
        }
    }

    private List<NodeId> successors() {
        return logs.stream().flatMap(log -> log.stepDowns().stream()).toList();
    }

    private void elected(NodeId leader, ScriptedLog log) {
        Leadership before = log.leadership();
        log.become(ScriptedLog.following(before.term() + 1, leader, ALL));
    }

    private void carryOut() {
        for (ScriptedLog log : logs) {
            if (!log.stepDowns().isEmpty() && log.leadership().leads()) {
                elected(log.stepDowns().get(log.stepDowns().size() - 1), log);
            }
        }
    }

    @Test
    void aNodeThatStopsHandsAllOverAndSpreadsThemOverTheOthers() {
        handOvers.stop();
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofMillis(200), wholeAndFollowing(), wholeAndFollowing());
            carryOut();
        }
        assertThat(handOvers.mayStop()).isTrue();
        assertThat(successors()).hasSize(GROUPS).contains(B, C);
    }

    @Test
    void aTransferThatTimesOutGoesToAnUpToDateSuccessor() {
        handOvers.stop();
        pass(Duration.ofMillis(200), wholeAndFollowing(), null);
        assertThat(successors()).containsOnly(B);
        assertThat(handOvers.mayStop()).isFalse();
        pass(PATIENCE, null, wholeAndFollowing());
        pass(Duration.ofMillis(200), null, wholeAndFollowing());
        assertThat(successors()).contains(C);
    }

    @Test
    void nothingIsHandedToAReplicaThatStillReplays() {
        logs.forEach(log -> log.skipTo(10 * Successors.MAX_BEHIND));
        handOvers.stop();
        pass(Duration.ofSeconds(1), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).isEmpty();
        assertThat(handOvers.mayStop()).isFalse();
    }

    @Test
    void aNodeDoesNotWaitForOthersThatStopToo() {
        List<ReplicaStatus> leaving = wholeAndFollowing().stream()
                .map(replica -> replica.noting(ReplicaStatus.LEAVING))
                .toList();
        handOvers.stop();
        pass(Duration.ofSeconds(2), leaving, null);
        assertThat(successors()).isEmpty();
        assertThat(handOvers.mayStop()).isTrue();
    }

    @Test
    void aNodeThatLeadsTooManyTransfersOneAtATime() {
        pass(Duration.ofMillis(500), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).hasSize(1);
        carryOut();
        pass(Duration.ofMillis(500), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).hasSize(2);
    }

    @Test
    void aShardWhoseEntriesAreLeasedIsNotMovedForBalance() {
        leased = true;
        pass(Duration.ofMillis(500), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).isEmpty();
        leased = false;
        pass(Duration.ofMillis(500), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).hasSize(1);
    }

    @Test
    void aNodeWhoseClockIsOffHandsAllOverButWhatIsLeased() {
        standing = Standing.CLOCK_OFF;
        leased = true;
        pass(Duration.ofMillis(500), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).isEmpty();
        leased = false;
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofMillis(200), wholeAndFollowing(), wholeAndFollowing());
            carryOut();
        }
        assertThat(successors()).hasSize(GROUPS);
        assertThat(handOvers.mayStop()).isFalse();
    }

    @Test
    void aDrainedNodeHandsAllOverAndKeepsNothingForLeasesThatDoNotEnd() {
        standing = Standing.DRAINED;
        leased = true;
        pass(Duration.ofSeconds(4), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).isEmpty();
        for (int i = 0; i < 15; i++) {
            pass(Duration.ofMillis(200), wholeAndFollowing(), wholeAndFollowing());
            carryOut();
        }
        assertThat(successors()).hasSize(GROUPS);
    }

    @Test
    void aDrainedNodeHandsOverAtOnceWhereNothingIsLeased() {
        logs.subList(2, GROUPS).forEach(log -> elected(B, log));
        standing = Standing.DRAINED;
        // So many that balance alone would move nothing.
        pass(Duration.ofMillis(200), leading(2, 3), leading(4, 5));
        assertThat(successors()).hasSize(2);
    }

    @Test
    void aNodeKeepsWhatItLeadsOnceItIsNotDrainedAnyMore() {
        logs.subList(2, GROUPS).forEach(log -> elected(B, log));
        standing = Standing.DRAINED;
        pass(Duration.ofMillis(40), wholeAndFollowing(), wholeAndFollowing());
        standing = Standing.LEADS;
        int handedOver = successors().size();
        pass(PATIENCE.multipliedBy(2), wholeAndFollowing(), wholeAndFollowing());
        assertThat(successors()).hasSize(handedOver);
    }

    @Test
    void groupsThatMoveAwayAreHandedOverAndWaitForLeasesAsIfTheNodeWereDrained() {
        moving.addAll(Set.of(1, 4));
        leased = true;
        pass(Duration.ofSeconds(4), leading(0), leading(2));
        assertThat(successors()).isEmpty();
        leased = false;
        pass(Duration.ofMillis(200), leading(0), leading(2));
        assertThat(logs.get(1).stepDowns()).hasSize(1);
        assertThat(logs.get(4).stepDowns()).hasSize(1);
        assertThat(successors()).hasSize(2);
    }

    @Test
    void leasesThatDoNotEndDoNotHoldUpAMoveForGood() {
        moving.add(3);
        leased = true;
        pass(Duration.ofSeconds(6), leading(0), leading(2));
        assertThat(logs.get(3).stepDowns()).isNotEmpty();
    }

    @Test
    void nothingIsHandedToADrainedNode() {
        List<ReplicaStatus> drained = wholeAndFollowing().stream()
                .map(replica -> replica.noting(ReplicaStatus.DRAINED))
                .toList();
        handOvers.stop();
        pass(Duration.ofMillis(500), drained, wholeAndFollowing());
        assertThat(successors()).isNotEmpty().containsOnly(C);
    }

    @Test
    void nothingIsHandedToANodeWhoseClockIsOff() {
        List<ReplicaStatus> off = wholeAndFollowing().stream()
                .map(replica -> replica.noting("its node's clock is off"))
                .toList();
        pass(Duration.ofMillis(500), off, off);
        handOvers.stop();
        pass(Duration.ofMillis(500), off, off);
        assertThat(successors()).isEmpty();
        pass(Duration.ofMillis(500), off, wholeAndFollowing());
        assertThat(successors()).isNotEmpty().containsOnly(C);
    }

    @Test
    void aNodeThatLeadsItsShareKeepsIt() {
        logs.subList(2, GROUPS).forEach(log -> elected(B, log));
        pass(Duration.ofSeconds(1), wholeAndFollowing(), wholeAndFollowing());
        assertThat(peers.questions()).isEmpty();
        assertThat(successors()).isEmpty();
    }

    @Test
    void nothingIsMovedForBalanceWhileElectionsGoOn() {
        for (int i = 0; i < 50; i++) {
            handOvers.tick(LeadershipTransfers.QUIET_NANOS - 1);
            world.pass(Duration.ofMillis(20));
        }
        assertThat(peers.questions()).isEmpty();
    }
}
