package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Entries applied by the threads that learn of their commit; three nodes over TCP. */
class CallerAppliedIT {

    private static final int ENTRIES = 200;

    @TempDir
    Path home;

    private RatisNodes nodes;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(RaftMember.RAFT_LOG == RaftLogKind.DIRECT, "Ratis applies with a thread of its own");
        List<Member> members = RaftMember.members(MemberPorts.reserve(3));
        nodes = new RatisNodes(home, members, Collections.nCopies(3, members));
    }

    @AfterEach
    void stop() {
        if (nodes != null) {
            nodes.close();
        }
    }

    private Replica leader() throws Exception {
        Eventually.holds(
                "there is a leader",
                () -> nodes.replicas().stream()
                        .anyMatch(replica -> replica.log().leadership().ready()));
        return nodes.replicas().stream()
                .filter(replica -> replica.log().leadership().ready())
                .findFirst()
                .orElseThrow();
    }

    private static RecordingMachine.Entry propose(ReplicatedLog<byte[], RecordingMachine.Entry> log, String text)
            throws Exception {
        return log.propose(bytes(text)).get(20, TimeUnit.SECONDS);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long byUpdater(Replica replica) {
        return replica.machine().threads().stream()
                .filter(name -> name.endsWith("-apply"))
                .count();
    }

    private void awaitAll(List<String> texts) throws Exception {
        for (Replica replica : nodes.replicas()) {
            Eventually.holds("all is applied", () -> replica.machine().texts().size() == texts.size());
            assertThat(replica.machine().texts()).isEqualTo(texts);
        }
    }

    /** Not each one of them: a thread that finds another applying leaves the rest to it, or to the updater. */
    @Test
    void loneEntriesAreAppliedByTheThreadsThatLearnOfTheirCommit() throws Exception {
        Replica leader = leader();
        List<String> texts =
                IntStream.range(0, ENTRIES).mapToObj(i -> "entry " + i).toList();
        for (String text : texts) {
            propose(leader.log(), text);
        }
        awaitAll(texts);
        for (Replica replica : nodes.replicas()) {
            assertThat(byUpdater(replica)).isLessThan(ENTRIES / 2);
        }
    }

    @Test
    void entriesThatTakeLongAreAppliedByTheUpdater() throws Exception {
        Replica leader = leader();
        List<String> texts = IntStream.range(0, 20)
                .mapToObj(i -> RecordingMachine.LONG + " " + i)
                .toList();
        for (String text : texts) {
            propose(leader.log(), text);
        }
        awaitAll(texts);
        for (Replica replica : nodes.replicas()) {
            assertThat(byUpdater(replica)).isEqualTo(texts.size());
        }
    }

    /** The answer runs on the thread that applies; what it proposes takes the server's monitor, and is applied after it. */
    @Test
    void anAnswerMayProposeTheNextEntry() throws Exception {
        Replica leader = leader();
        int chains = 4;
        List<CompletableFuture<Void>> ends = IntStream.range(0, chains)
                .mapToObj(chain -> propose(leader.log(), chain, 0))
                .toList();
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        List<String> order = leader.machine().texts();
        assertThat(order).hasSize(chains * ENTRIES);
        for (int chain = 0; chain < chains; chain++) {
            String prefix = chain + ":";
            assertThat(order.stream().filter(text -> text.startsWith(prefix)))
                    .isEqualTo(IntStream.range(0, ENTRIES)
                            .mapToObj(i -> prefix + i)
                            .toList());
        }
        awaitAll(order);
    }

    private static CompletableFuture<Void> propose(
            ReplicatedLog<byte[], RecordingMachine.Entry> log, int chain, int entry) {
        return entry == ENTRIES
                ? CompletableFuture.completedFuture(null)
                : log.propose(bytes(chain + ":" + entry)).thenCompose(applied -> propose(log, chain, entry + 1));
    }
}
