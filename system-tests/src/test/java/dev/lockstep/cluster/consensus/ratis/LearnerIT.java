package dev.lockstep.cluster.consensus.ratis;

import static dev.lockstep.cluster.consensus.ratis.GroupServers.LONGER_THAN_AN_ELECTION;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.always;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ratis.GroupServers.Membership;
import dev.lockstep.cluster.testing.Eventually;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.util.LifeCycle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Learners that become voters, in Ratis 3.3.0: two voters, of which 0 founds the group alone and so leads it, and a third
 * replica that comes as a learner.
 */
class LearnerIT {

    private static final Membership VOTERS = Membership.of(0, 1);
    private static final Membership WITH_LEARNER = VOTERS.with(2);
    private static final Membership PROMOTED = Membership.of(0, 1, 2);

    @TempDir
    Path home;

    private GroupServers servers;

    @BeforeEach
    void start() throws Exception {
        servers = new GroupServers(home, 3);
        servers.form(0);
        servers.open(1, 0);
        servers.changed(0, Membership.of(0), VOTERS);
        servers.write(0, "before");
    }

    @AfterEach
    void stop() {
        servers.close();
    }

    private void learnAndPromote() throws Exception {
        servers.open(2, 0, 1);
        servers.changed(0, VOTERS, WITH_LEARNER);
        servers.awaitApplied(2, "before");
        servers.changed(0, WITH_LEARNER, PROMOTED);
        // Opened on a joint configuration, it would be no voter either.
        Eventually.holds(
                "it knows that it is promoted",
                () -> servers.division(2)
                        .getRaftConf()
                        .equals(servers.division(0).getRaftConf()));
    }

    private LifeCycle.State state(int index) {
        return servers.division(index).getInfo().getLifeCycleState();
    }

    /** R2, {@code LeaderStateImpl.checkStaging}: a learner never counts as caught up, so appends tell it that it is initializing. */
    @Test
    void aPromotedLearnerCannotVoteUntilItIsReopened() throws Exception {
        learnAndPromote();
        servers.write(0, "promoted");
        servers.awaitApplied(2, "before", "promoted");
        assertThat(state(2)).isEqualTo(LifeCycle.State.STARTING);
        servers.stop(0);
        always("no leader", LONGER_THAN_AN_ELECTION, () -> servers.readyLeader() < 0);
        assertThat(state(2)).isEqualTo(LifeCycle.State.STARTING);
        servers.reopen(2);
        assertThat(state(2)).isEqualTo(LifeCycle.State.RUNNING);
        servers.write(servers.leader(), "after");
        servers.awaitApplied(1, "before", "promoted", "after");
    }

    /** R2: the leader that staged the learner never counts it as caught up, another counts all members so. */
    @Test
    void aPromotedLearnerVotesOnceLeadershipHasBeenTransferred() throws Exception {
        learnAndPromote();
        servers.handOver(1);
        Eventually.holds("the promoted one runs", () -> state(2) == LifeCycle.State.RUNNING);
        servers.stop(1);
        servers.write(servers.leader(), "after");
        servers.awaitApplied(0, "before", "after");
        servers.awaitApplied(2, "before", "after");
    }

    /** R2, {@code LeaderStateImpl.checkStaging}: staging a voter is the catch-up, and ends it. */
    @Test
    void aVoterThatWasStagedInOneChangeVotesAtOnce() throws Exception {
        servers.open(2, 0, 1);
        servers.changed(0, VOTERS, PROMOTED);
        Eventually.holds("the new one runs", () -> state(2) == LifeCycle.State.RUNNING);
        servers.stop(0);
        int leader = servers.leader();
        servers.write(leader, "after");
        servers.awaitApplied(1, "before", "after");
        servers.awaitApplied(2, "before", "after");
    }

    /** R5, {@code LeaderStateImpl.startSetConfiguration}: a learner is a member already, so nothing is staged. */
    @Test
    void aLearnerThatIsBehindIsPromotedAtOnceAndThenHoldsUpCommits() throws Exception {
        servers.open(2, 0, 1);
        servers.changed(0, VOTERS, WITH_LEARNER);
        servers.awaitApplied(2, "before");
        servers.cut(0, 2);
        servers.cut(1, 2);
        servers.write(0, "missed by the learner");
        // Two of three are enough for the change itself.
        servers.changed(0, WITH_LEARNER, PROMOTED);
        assertThat(servers.division(0).getRaftConf().getCurrentPeers()).hasSize(3);
        assertThat(servers.applied(2)).containsExactly("before");
        servers.stop(1);
        CompletableFuture<?> held = servers.propose(0, "needs the promoted one");
        always("it is not committed", GroupServers.ELECTION.dividedBy(2), () -> !held.isDone());
        servers.heal();
        servers.awaitApplied(2, "before", "missed by the learner", "needs the promoted one");
    }

    /**
     * R6, {@code LeaderStateImpl.onFollowerTerm}: a leader does not step down for the term of a promoted learner, counts its refusals
     * as signs of life, and therefore refuses it its pre-vote too.
     */
    @Test
    void aLeaderAndAPromotedLearnerOfAHigherTermBlockEachOther() throws Exception {
        learnAndPromote();
        servers.reopen(2); // or it would not vote
        Eventually.holds(
                "it knows its leader", () -> servers.division(2).getInfo().getLeaderId() != null);
        assertThat(state(2)).isEqualTo(LifeCycle.State.RUNNING);
        long term = term(0);
        servers.cut(0, 1);
        servers.campaign(1);
        Eventually.holds("the promoted one is in a later term", () -> term(2) > term);
        servers.cut(1, 2);
        CompletableFuture<?> held = servers.propose(0, "held up");
        always(
                "the former leader leads alone",
                LONGER_THAN_AN_ELECTION,
                () -> servers.division(0).getInfo().isLeader() && term(0) == term && term(2) > term && !held.isDone());
        servers.heal();
        Eventually.holds("it steps down when the third is back", () -> term(0) > term);
        servers.write(servers.leader(), "after");
    }

    private long term(int index) {
        return servers.division(index).getInfo().getCurrentTerm();
    }

    /** R19, {@code PeerConfiguration.equals}: RatisLog compares whole configurations, which differ by their index in the log. */
    @Test
    void configurationsThatDifferInLearnersAreUnequalThoughTheirPeersCountAsEqual() throws Exception {
        RaftConfiguration before = servers.division(0).getRaftConf();
        servers.open(2, 0, 1);
        servers.changed(0, VOTERS, WITH_LEARNER);
        RaftConfiguration after = servers.division(0).getRaftConf();
        assertThat(after.getCurrentPeers(RaftPeerRole.LISTENER)).hasSize(1);
        assertThat(after).isNotEqualTo(before);
        assertThat(peersOf(after)).isEqualTo(peersOf(before));
    }

    private static Object peersOf(RaftConfiguration configuration) throws ReflectiveOperationException {
        Field peers = configuration.getClass().getDeclaredField("conf");
        peers.setAccessible(true);
        return peers.get(configuration);
    }
}
