package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.EntryTooLargeException;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLogContract;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.ratis.util.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes over TCP. */
class RatisLogIT extends ReplicatedLogContract {

    @TempDir
    Path home;

    /** Threads that were there before this test's nodes: replicas of other tests may still be ending. */
    private List<Thread> earlier;

    private RatisNodes nodes;

    @BeforeEach
    void start() throws Exception {
        earlier = threads();
        List<Member> members = RaftMember.members(MemberPorts.reserve(3));
        nodes = new RatisNodes(home, members, Collections.nCopies(3, members));
    }

    @AfterEach
    void stop() {
        nodes.close();
    }

    @Override
    protected List<Replica> replicas() {
        return nodes.replicas();
    }

    @Override
    protected boolean takesCheckpoints() {
        return true;
    }

    private int leaderIndex() throws Exception {
        return nodes.index(leader().log().leadership().leader());
    }

    private static void awaitApplied(Replica replica, List<String> texts) throws Exception {
        Eventually.holds("applied " + texts, () -> replica.machine().texts().equals(texts));
    }

    @Test
    void aFollowerRefusesAndNamesTheLeader() throws Exception {
        Replica leader = leader();
        NodeId leading = leader.log().leadership().leader();
        for (Replica follower : replicas()) {
            if (!follower.equals(leader)) {
                Eventually.holds(
                        "it knows the leader",
                        () -> leading.equals(follower.log().leadership().leader()));
                assertThat(follower.log().propose(bytes("misplaced")))
                        .failsWithin(20, TimeUnit.SECONDS)
                        .withThrowableOfType(ExecutionException.class)
                        .havingCause()
                        .isInstanceOfSatisfying(
                                NotLeaderException.class,
                                refusal -> assertThat(refusal.leader()).isEqualTo(leading));
                // It may know the leader by its vote, before the leader has said anything.
                Eventually.holds(
                        "it has heard the leader", () -> follower.log().sinceLeaderContactNanos() < 5_000_000_000L);
                assertThat(follower.log().sinceLeaderContactNanos()).isPositive();
            }
        }
    }

    /** A strong read that took what the leader has applied for all that is committed would miss what others can see. */
    @Test
    void entriesAppliedByAFollowerAreCommittedOnTheLeader() throws Exception {
        Replica leader = leader();
        answer(leader.log().propose(bytes("before")));
        CountDownLatch gate = new CountDownLatch(1);
        leader.machine().holdUntil(gate);
        CompletableFuture<RecordingMachine.Entry> held = leader.log().propose(bytes("held up at the leader"));
        Replica follower = replicas().stream()
                .filter(replica -> !replica.equals(leader))
                .findFirst()
                .orElseThrow();
        Eventually.holds("a follower is ahead", () -> follower.machine().texts().contains("held up at the leader"));
        assertThat(leader.machine().texts()).containsExactly("before");
        assertThat(leader.log().commitPosition())
                .isGreaterThanOrEqualTo(follower.log().appliedPosition());
        gate.countDown();
        answer(held);
        assertThat(leader.log().commitPosition()).isEqualTo(leader.log().appliedPosition());
    }

    @Test
    void acknowledgedEntriesSurviveTheLeader() throws Exception {
        int first = leaderIndex();
        long term = nodes.replica(first).log().leadership().term();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            texts.add(answer(nodes.replica(first).log().propose(bytes("entry " + i)))
                    .text());
        }
        nodes.stop(first);
        Replica second = leader();
        assertThat(second.log().leadership().term()).isGreaterThan(term);
        assertThat(second.machine().texts()).isEqualTo(texts);
        texts.add(answer(second.log().propose(bytes("by another"))).text());
        nodes.start(first);
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
    }

    @Test
    void aClusterThatRestartsHasWhatItHad() throws Exception {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            texts.add(answer(leader().log().propose(bytes("entry " + i))).text());
        }
        List<RecordingMachine.Entry> before = leader().machine().applied();
        nodes.close();
        for (int i = 0; i < 3; i++) {
            nodes.start(i);
        }
        assertThat(leader().machine().applied()).isEqualTo(before);
        texts.add(answer(leader().log().propose(bytes("afterwards"))).text());
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
    }

    @Test
    void aDamagedLogIsPutAsideAndComesAgainFromTheOthers() throws Exception {
        List<String> texts = new ArrayList<>();
        texts.add(answer(leader().log().propose(bytes("to be damaged"))).text());
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
        nodes.stop(0);
        Path log = logOfFirstNode();
        String content = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertThat(content).contains("to be damaged");
        Files.writeString(log, content.replace("to be damaged", "to be Damaged"), StandardCharsets.ISO_8859_1);
        nodes.start(0);
        Path aside = home.resolve("n1/quarantined/shard-7.1/current");
        Eventually.holds("it is put aside", () -> Files.exists(aside));
        assertThat(aside).isDirectoryContaining("glob:**log_*");
        Eventually.holds("it votes again", () -> nodes.status(0).state() == State.INTACT);
        awaitApplied(nodes.replica(0), texts);
        nodes.stop(1); // now the first has to vote
        texts.add(answer(leader().log().propose(bytes("afterwards"))).text());
        awaitApplied(nodes.replica(0), texts);
    }

    /** Ratis (3.3.0) alone would leave it empty until the next write: see {@code GroupLifecycleIT}. */
    @Test
    void aNodeThatComesBackEmptyIsCurrentAgainThoughItsGroupIsIdle() throws Exception {
        List<String> texts =
                List.of(answer(leader().log().propose(bytes("before"))).text());
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
        int away = (leaderIndex() + 1) % 3;
        nodes.stop(away);
        FileUtils.deleteFully(home.resolve("n" + (away + 1)));
        nodes.start(away);
        awaitApplied(nodes.replica(away), texts);
        Eventually.holds("it votes again", () -> nodes.status(away).state() == State.INTACT);
    }

    /** As a power cut leaves it, or a kill in the middle of the write. */
    @Test
    void anEntryThatWasOnlyHalfWrittenIsCutOffAndComesAgainFromTheOthers() throws Exception {
        String large = "half of this is missing ".repeat(100);
        List<String> texts = new ArrayList<>();
        texts.add(answer(leader().log().propose(bytes("whole"))).text());
        texts.add(answer(leader().log().propose(bytes(large))).text());
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
        nodes.close();
        Path log = logOfFirstNode();
        byte[] content = Files.readAllBytes(log);
        int middle = new String(content, StandardCharsets.ISO_8859_1).indexOf("half of this") + large.length() / 2;
        Arrays.fill(content, middle, content.length, (byte) 0);
        Files.write(log, content);
        for (int i = 0; i < 3; i++) {
            nodes.start(i);
        }
        texts.add(answer(leader().log().propose(bytes("afterwards"))).text());
        for (Replica replica : replicas()) {
            awaitApplied(replica, texts);
        }
    }

    private Path logOfFirstNode() throws Exception {
        try (Stream<Path> files = Files.walk(home.resolve("n1"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("log_"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void anEntryTooLargeIsRefusedAndTheLogGoesOn() throws Exception {
        Replica leader = leader();
        byte[] tooLarge = new byte[RatisSettings.MAX_ENTRY_BYTES + 1];
        assertFailsWith(leader.log().propose(tooLarge), EntryTooLargeException.class);
        answer(leader.log().propose(bytes("small")));
        assertThat(leader.machine().texts()).containsExactly("small");
    }

    @Test
    void leadershipIsHandedToTheOneNamed() throws Exception {
        int first = leaderIndex();
        int next = (first + 1) % 3;
        NodeId successor = new NodeId("n" + (next + 1));
        answer(leader().log().propose(bytes("before")));
        nodes.replica(first).log().stepDown(successor);
        Eventually.holds(
                "the successor leads",
                () -> nodes.replica(next).log().leadership().ready());
        assertThat(nodes.replica(first).log().leadership().leads()).isFalse();
        assertFailsWith(nodes.replica(first).log().propose(bytes("misplaced")), NotLeaderException.class);
        answer(nodes.replica(next).log().propose(bytes("after")));
    }

    @Test
    void aLeaderThatStepsDownIsFollowedByAnother() throws Exception {
        Replica first = leader();
        long term = first.log().leadership().term();
        first.log().stepDown(null);
        Eventually.holds(
                "a later term has a leader",
                () -> replicas().stream()
                        .map(replica -> replica.log().leadership())
                        .anyMatch(leadership -> leadership.ready() && leadership.term() > term));
        answer(leader().log().propose(bytes("by the leader")));
    }

    @Test
    void aLeaderThatStepsDownSaysSoToWhatItRefuses() throws Exception {
        int first = leaderIndex();
        int gone = (first + 1) % 3;
        answer(leader().log().propose(bytes("before")));
        nodes.stop(gone);
        // It waits for a successor that does not answer.
        nodes.replica(first).log().stepDown(new NodeId("n" + (gone + 1)));
        Eventually.holds("what is proposed meanwhile is refused", () -> {
            try {
                answer(nodes.replica(first).log().propose(bytes("meanwhile")));
                return false;
            } catch (ExecutionException refused) {
                return refused.getCause() instanceof NotLeaderException cause && cause.isSteppingDown();
            }
        });
    }

    @Test
    void aReplicaThatFailsAloneLeavesTheOthersWorking() throws Exception {
        int first = leaderIndex();
        CompletableFuture<RecordingMachine.Entry> answered =
                nodes.replica(first).log().propose(bytes("good"));
        answer(answered);
        nodes.replica(first).machine().failFrom(2);
        assertFailsWith(nodes.replica(first).log().propose(bytes("fails there")), UnknownOutcomeException.class);
        int stopped = first;
        Eventually.holds(
                "another leads",
                () -> replicas().stream()
                        .anyMatch(replica -> !replica.equals(nodes.replica(stopped))
                                && replica.log().leadership().ready()));
        answer(leader().log().propose(bytes("afterwards")));
        assertThat(leader().machine().texts()).containsExactly("good", "fails there", "afterwards");
        assertThat(nodes.replica(first).machine().texts()).containsExactly("good");
        assertThat(nodes.replica(first).log().sinceLeaderContactNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void nodesOfWhichAllReplicasHaveFailedClose() throws Exception {
        assertFailsWith(leader().log().propose(bytes(RecordingMachine.POISON)), UnknownOutcomeException.class);
        // The next leader commits the same entry and fails in turn; the third may never learn of the commit.
        Eventually.holds(
                "two have failed",
                () -> replicas().stream()
                                .filter(replica -> replica.log().sinceLeaderContactNanos() == Long.MAX_VALUE)
                                .count()
                        >= 2);
        long before = System.nanoTime();
        nodes.close();
        assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void aMachineThatFailsWhileItsNodeClosesDoesNotHoldItUp() throws Exception {
        int leading = leaderIndex();
        CountDownLatch gate = new CountDownLatch(1);
        Thread closing = closeWhileHeld(leading, gate);
        gate.countDown();
        closing.join(TimeUnit.SECONDS.toMillis(8));
        assertThat(closing.isAlive()).isFalse();
        String own = "raft-n" + (leading + 1);
        Eventually.holds(
                "no thread is left",
                () -> threads().stream().noneMatch(thread -> thread.getName().startsWith(own)));
    }

    @Test
    void aMachineThatHangsHoldsItsNodeUpForTenSecondsOnly() throws Exception {
        int leading = leaderIndex();
        CountDownLatch gate = new CountDownLatch(1);
        Thread closing = closeWhileHeld(leading, gate);
        closing.join(TimeUnit.SECONDS.toMillis(15));
        assertThat(closing.isAlive()).isFalse();
        gate.countDown();
    }

    /** Closes a node whose machine is in the middle of applying what it will fail at. */
    private Thread closeWhileHeld(int index, CountDownLatch gate) throws Exception {
        Replica replica = nodes.replica(index);
        replica.machine().holdUntil(gate);
        CompletableFuture<RecordingMachine.Entry> proposal = replica.log().propose(bytes(RecordingMachine.POISON));
        Eventually.holds("the machine is at it", () -> replica.machine().isHeld());
        Thread closing = new Thread(() -> nodes.stop(index));
        closing.start();
        Eventually.holds("Ratis waits for it", RatisLogIT::someoneJoinsTheUpdater);
        assertFailsWith(proposal, UnknownOutcomeException.class);
        return closing;
    }

    private static boolean someoneJoinsTheUpdater() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getMethodName().equals("stopAndJoin"));
    }

    @Test
    void closingLeavesNeitherThreadsNorPorts() throws Exception {
        answer(leader().log().propose(bytes("something")));
        nodes.close();
        Eventually.holds("no thread is left", () -> earlier.containsAll(threads()));
        for (int i = 0; i < 3; i++) {
            nodes.start(i); // binds the same ports
        }
        answer(leader().log().propose(bytes("again")));
    }

    /** Returns the threads of Ratis and of ours, but for two pools that Ratis shares and ends by itself. */
    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread.getName().matches("(n[123]|raft|lockstep-(server|link)|.*(Raft|Ratis|raft)).*"))
                .toList();
    }
}
