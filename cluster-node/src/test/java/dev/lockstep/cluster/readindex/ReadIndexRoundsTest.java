package dev.lockstep.cluster.readindex;

import static dev.lockstep.cluster.testing.ScriptedLog.following;
import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request.ConfirmTerms;
import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReadIndexRoundsTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");
    private static final Duration PATIENCE = Duration.ofMillis(600);

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ReadIndexRounds rounds = new ReadIndexRounds(A, peers, world, PATIENCE);
    private final ScriptedLog log = new ScriptedLog(leading(3, A, Set.of(A, B, C)));

    private static final class Reader implements ReadIndexRounds.Reader {

        private final List<Object> told = new ArrayList<>();

        @Override
        public void confirmed(long commitPosition) {
            told.add(commitPosition);
        }

        @Override
        public void refused(Status why) {
            told.add(why);
        }
    }

    private Reader read(int group, ScriptedLog of) {
        Reader reader = new Reader();
        rounds.confirm(group, of.consensus().open(group, List.of(A, B, C), new RecordingMachine()), reader);
        return reader;
    }

    private Reader read() {
        return read(0, log);
    }

    private void tickAfter(Duration duration) {
        world.pass(duration);
        rounds.tick();
    }

    @Test
    void aMajorityConfirmsTheCommitPosition() {
        log.commit(7);
        Reader reader = read();
        assertThat(reader.told).isEmpty();
        assertThat(peers.questions())
                .hasSize(2)
                .allSatisfy(question ->
                        assertThat(question.request()).isEqualTo(new ConfirmTerms(List.of(new GroupTerm(0, 3)))));
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(7L);
        peers.confirm(C, true);
        assertThat(reader.told).hasSize(1);
    }

    @Test
    void aReadDoesNotJoinARoundThatWasSentBeforeItCame() {
        Reader first = read();
        log.commit(9);
        Reader second = read();
        peers.confirm(B, true);
        assertThat(first.told).containsExactly(0L);
        assertThat(second.told).isEmpty();
        peers.confirm(B, true);
        assertThat(second.told).containsExactly(9L);
    }

    @Test
    void aLateAnswerToAnEarlierQuestionConfirmsNothing() {
        read();
        ScriptedPeers.Question early = peers.of(B).get(0);
        tickAfter(PATIENCE.plusMillis(1));
        Reader second = read();
        peers.answer(early, new Reply.TermsConfirmed(List.of(true)));
        assertThat(second.told).isEmpty();
    }

    @Test
    void readsThatWaitTogetherShareARoundAndTheLatestPosition() {
        read();
        log.commit(1);
        Reader second = read();
        log.commit(2);
        Reader third = read();
        peers.confirm(B, true);
        assertThat(peers.of(B)).hasSize(1);
        peers.confirm(B, true);
        assertThat(second.told).containsExactly(2L);
        assertThat(third.told).containsExactly(2L);
    }

    @Test
    void oneQuestionAsksForAllGroups() {
        ScriptedLog other = new ScriptedLog(leading(5, A, Set.of(A, B, C)));
        read();
        read(1, other);
        read(2, log);
        peers.confirm(B, true);
        assertThat(((ConfirmTerms) peers.of(B).get(0).request()).terms())
                .containsExactlyInAnyOrder(new GroupTerm(1, 5), new GroupTerm(2, 3));
    }

    @Test
    void inAJointConfigurationBothMajoritiesAreNeeded() {
        log.become(new Leadership(3, true, true, A, List.of(Set.of(A, B, C), Set.of(A, C, D))));
        Reader reader = read();
        peers.confirm(B, true);
        assertThat(reader.told).isEmpty();
        peers.confirm(D, true);
        assertThat(reader.told).containsExactly(0L);
    }

    @Test
    void aVoterThatLeavesWithItselfAloneIsNoMajorityOfOthers() {
        log.become(leading(3, A, Set.of(B, C)));
        Reader reader = read();
        peers.confirm(B, true);
        assertThat(reader.told).isEmpty();
        peers.confirm(C, true);
        assertThat(reader.told).containsExactly(0L);
    }

    @Test
    void leadershipIsCheckedAgainAfterTheAnswers() {
        Reader reader = read();
        log.become(following(4, B, Set.of(A, B, C)));
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(Status.NO_LEADER);
    }

    @Test
    void leadershipWonBackInALaterTermIsNotTheSame() {
        Reader reader = read();
        log.become(leading(5, A, Set.of(A, B, C)));
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(Status.NO_LEADER);
    }

    @Test
    void otherVotersAfterTheAnswersConfirmNothing() {
        Reader reader = read();
        log.become(leading(3, A, Set.of(A, B, C, D)));
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(Status.NO_LEADER);
    }

    @Test
    void aReplicaThatDoesNotLeadOrIsNotReadyAsksNoPeer() {
        log.become(following(3, B, Set.of(A, B, C)));
        assertThat(read().told).containsExactly(Status.NO_LEADER);
        log.become(new Leadership(4, true, false, A, List.of(Set.of(A, B, C))));
        assertThat(read().told).containsExactly(Status.NO_LEADER);
        assertThat(peers.questions()).isEmpty();
    }

    @Test
    void aSoleVoterNeedsNoPeer() {
        log.become(leading(1, A, Set.of(A)));
        log.commit(4);
        assertThat(read().told).containsExactly(4L);
        assertThat(peers.questions()).isEmpty();
    }

    @Test
    void aNoIsAskedAgainAfterAWhile() {
        Reader reader = read();
        peers.confirm(B, false);
        assertThat(peers.of(B)).isEmpty();
        tickAfter(Duration.ofMillis(20));
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(0L);
    }

    @Test
    void aBrokenLinkIsTriedAgainAfterAWhile() {
        Reader reader = read();
        peers.answer(peers.of(B).get(0), null);
        peers.answer(peers.of(C).get(0), null);
        tickAfter(Duration.ofMillis(20));
        peers.confirm(C, true);
        assertThat(reader.told).containsExactly(0L);
    }

    @Test
    void aLeaderWithoutAMajorityStepsDownAfterItsPatience() {
        Reader reader = read();
        tickAfter(PATIENCE);
        assertThat(reader.told).isEmpty();
        assertThat(log.stepDowns()).isEmpty();
        tickAfter(Duration.ofMillis(1));
        assertThat(reader.told).containsExactly(Status.NO_LEADER);
        assertThat(log.stepDowns()).containsExactly((NodeId) null);
        peers.confirm(B, true);
        assertThat(reader.told).hasSize(1);
    }

    @Test
    void aSilentPeerDelaysNoOther() {
        for (int i = 0; i < 100; i++) {
            Reader reader = read();
            peers.confirm(B, true);
            assertThat(reader.told).hasSize(1);
        }
        assertThat(peers.of(C)).hasSize(1);
        tickAfter(PATIENCE.plusMillis(1));
        read();
        assertThat(peers.of(C)).hasSize(2);
    }

    @Test
    void readsOfALostLeadershipAreTurnedAwayAtTheNextTick() {
        Reader reader = read();
        log.become(following(4, B, Set.of(A, B, C)));
        rounds.tick();
        assertThat(reader.told).containsExactly(Status.NO_LEADER);
        assertThat(log.stepDowns()).isEmpty();
    }

    @Test
    void tooManyReadsAreRefused() {
        for (int i = 0; i < ReadIndexRounds.MAX_WAITING; i++) {
            read();
        }
        assertThat(read().told).containsExactly(Status.BUSY);
        peers.confirm(B, true);
        peers.confirm(B, true);
        Reader reader = read();
        peers.confirm(B, true);
        assertThat(reader.told).containsExactly(0L);
    }
}
