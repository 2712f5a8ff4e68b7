package dev.lockstep.cluster.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The contract of every {@link ReplicatedLog}. */
public abstract class ReplicatedLogContract {

    /** A replica and its machine. */
    public record Replica(ReplicatedLog<byte[], RecordingMachine.Entry> log, RecordingMachine machine) {}

    /** All replicas of one group, open. */
    protected abstract List<Replica> replicas() throws Exception;

    /** Returns whether it takes one within a hundred entries. */
    protected abstract boolean takesCheckpoints();

    /** The replica that leads and is ready, once there is one. */
    protected final Replica leader() throws Exception {
        List<Replica> all = replicas();
        Eventually.holds("a replica leads and is ready", () -> all.stream().anyMatch(ReplicatedLogContract::isReady));
        return all.stream().filter(ReplicatedLogContract::isReady).findFirst().orElseThrow();
    }

    private static boolean isReady(Replica replica) {
        return replica.log().leadership().ready();
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Waits for the machine's answer. */
    public static RecordingMachine.Entry answer(CompletableFuture<RecordingMachine.Entry> proposal) throws Exception {
        return proposal.get(20, TimeUnit.SECONDS);
    }

    @Test
    void eachProposalIsAnsweredByTheMachineOnce() throws Exception {
        Replica leader = leader();
        List<RecordingMachine.Entry> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(answer(leader.log().propose(bytes("entry " + i))));
        }
        assertThat(leader.machine().applied()).isEqualTo(answers);
        assertThat(answers)
                .extracting(RecordingMachine.Entry::position)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(answers.get(0).position()).isPositive();
        assertThat(answers.get(19).text()).isEqualTo("entry 19");
    }

    @Test
    void allReplicasApplyTheSameEntriesAtTheSamePositions() throws Exception {
        Replica leader = leader();
        for (int i = 0; i < 20; i++) {
            answer(leader.log().propose(bytes("entry " + i)));
        }
        for (Replica replica : replicas()) {
            Eventually.holds("all is applied", () -> replica.machine().applied().size() >= 20);
            assertThat(replica.machine().applied()).isEqualTo(leader.machine().applied());
        }
    }

    @Test
    void theCommitPositionBoundsWhatIsAcknowledgedAndIsReached() throws Exception {
        Replica leader = leader();
        for (int i = 0; i < 20; i++) {
            long position = answer(leader.log().propose(bytes("entry " + i))).position();
            long committed = leader.log().commitPosition();
            assertThat(committed).isGreaterThanOrEqualTo(position);
            Eventually.holds("applied", () -> leader.log().appliedPosition() >= committed);
        }
    }

    @Test
    void manyProposersAreEachAnsweredForTheirOwnEntry() throws Exception {
        Replica leader = leader();
        List<CompletableFuture<RecordingMachine.Entry>> proposals = new ArrayList<>();
        List<Thread> proposers = new ArrayList<>();
        for (int thread = 0; thread < 64; thread++) {
            String name = "proposer " + thread;
            Thread proposer = new Thread(() -> {
                for (int i = 0; i < 10; i++) {
                    CompletableFuture<RecordingMachine.Entry> proposal =
                            leader.log().propose(bytes(name + " entry " + i));
                    String text = name + " entry " + i;
                    synchronized (proposals) {
                        proposals.add(proposal.thenApply(answer -> {
                            assertThat(((RecordingMachine.Entry) answer).text()).isEqualTo(text);
                            return answer;
                        }));
                    }
                }
            });
            proposers.add(proposer);
            proposer.start();
        }
        for (Thread proposer : proposers) {
            proposer.join(20_000);
        }
        Set<RecordingMachine.Entry> answers = new HashSet<>();
        for (CompletableFuture<RecordingMachine.Entry> proposal : proposals) {
            answers.add(answer(proposal));
        }
        assertThat(answers).hasSize(640);
        assertThat(leader.machine().applied())
                .hasSize(640)
                .isSortedAccordingTo(Comparator.comparingLong(RecordingMachine.Entry::position));
    }

    /** The machine fails if it is asked for an image at the wrong time, or given positions out of order. */
    @Test
    void imagesThatAreTakenMeanwhileChangeNothingOfWhatIsApplied() throws Exception {
        Replica leader = leader();
        List<CompletableFuture<RecordingMachine.Entry>> proposals = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            proposals.add(leader.log().propose(bytes("entry " + i)));
        }
        List<RecordingMachine.Entry> answers = new ArrayList<>();
        for (CompletableFuture<RecordingMachine.Entry> proposal : proposals) {
            answers.add(answer(proposal));
        }
        for (Replica replica : replicas()) {
            Eventually.holds("all is applied", () -> replica.machine().applied().size() == 300);
            assertThat(replica.machine().applied()).isEqualTo(answers);
            Eventually.holds("no image is open", () -> !replica.machine().isImageOpen());
            if (takesCheckpoints()) {
                assertThat(replica.machine().imagesTaken()).isPositive();
            }
        }
    }

    @Test
    void anEntryOfFourMebibytesIsTakenEverywhere() throws Exception {
        byte[] large = new byte[4 << 20];
        Replica leader = leader();
        assertThat(answer(leader.log().propose(large)).bytes()).isEqualTo(4 << 20);
        answer(leader.log().propose(bytes("after it")));
        for (Replica replica : replicas()) {
            Eventually.holds(
                    "both are applied", () -> replica.machine().applied().size() == 2);
        }
    }

    @Test
    void theLeaderStandsAsReadyAmongItsVoters() throws Exception {
        Replica leader = leader();
        ReplicatedLog.Leadership leadership = leader.log().leadership();
        assertThat(leadership.leads()).isTrue();
        assertThat(leadership.leader()).isNotNull();
        assertThat(leadership.term()).isPositive();
        assertThat(leadership.voters())
                .singleElement()
                .satisfies(
                        voters -> assertThat(voters).hasSize(replicas().size()).contains(leadership.leader()));
        assertThat(leader.log().sinceLeaderContactNanos()).isZero();
        assertThat(leader.log().leadership()).isSameAs(leadership);
    }

    @Test
    void aMachineThatThrowsStopsItsReplica() throws Exception {
        Replica leader = leader();
        RecordingMachine.Entry good = answer(leader.log().propose(bytes("good")));
        CompletableFuture<RecordingMachine.Entry> poison = leader.log().propose(bytes(RecordingMachine.POISON));
        assertFailsWith(poison, UnknownOutcomeException.class);
        assertThat(leader.log().leadership().leads()).isFalse();
        assertThat(leader.log().leadership().ready()).isFalse();
        assertFailsWith(leader.log().propose(bytes("afterwards")), NotLeaderException.class);
        assertThat(leader.machine().applied()).containsExactly(good);
        assertThat(leader.log().appliedPosition()).isEqualTo(good.position());
        leader.log().close();
    }

    @Test
    void aClosedLogTakesNothing() throws Exception {
        Replica leader = leader();
        RecordingMachine.Entry kept = answer(leader.log().propose(bytes("kept")));
        leader.log().close();
        assertFailsWith(leader.log().propose(bytes("too late")), NotLeaderException.class);
        assertThat(leader.log().leadership().leads()).isFalse();
        assertThat(leader.machine().applied()).containsExactly(kept);
        leader.log().close();
    }

    public static void assertFailsWith(
            CompletableFuture<RecordingMachine.Entry> proposal, Class<? extends Exception> failure) {
        assertThatThrownBy(() -> proposal.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(failure);
    }
}
