package dev.lockstep.cluster.consensus.ratis;

import static dev.lockstep.cluster.consensus.ReplicatedLogContract.answer;
import static dev.lockstep.cluster.consensus.ReplicatedLogContract.assertFailsWith;
import static dev.lockstep.cluster.consensus.ReplicatedLogContract.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy.Mode;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes whose connections are harmed. */
@Tag("alone")
class RatisPartitionIT {

    @TempDir
    Path home;

    private ProxiedNetwork network;
    private RatisNodes nodes;

    @BeforeEach
    void start() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(3);
        network = new ProxiedNetwork(ports);
        nodes = new RatisNodes(
                home,
                RaftMember.members(ports),
                ports.stream()
                        .map(member -> RaftMember.members(network.seenFrom(member.id())))
                        .toList());
    }

    @AfterEach
    void stop() {
        nodes.close();
        network.close();
    }

    private int leaderOtherThan(int excluded) throws Exception {
        Eventually.holds("one leads and is ready", () -> readyOtherThan(excluded) >= 0);
        return readyOtherThan(excluded);
    }

    private int readyOtherThan(int excluded) {
        for (int i = 0; i < 3; i++) {
            if (i != excluded && nodes.replica(i).log().leadership().ready()) {
                return i;
            }
        }
        return -1;
    }

    private static String id(int index) {
        return "n" + (index + 1);
    }

    @Test
    void aFollowerCutOffKnowsForHowLongAndCatchesUp() throws Exception {
        int leader = leaderOtherThan(-1);
        int follower = (leader + 1) % 3;
        answer(nodes.replica(leader).log().propose(bytes("before")));
        Replica cut = nodes.replica(follower);
        Eventually.holds("it has applied", () -> cut.machine().texts().equals(List.of("before")));
        Eventually.holds("it is in touch", () -> cut.log().sinceLeaderContactNanos() < TimeUnit.SECONDS.toNanos(1));
        network.set(id(follower), Mode.SILENT);
        // Its own candidacies must not count as contacts, hence many election time-outs.
        Eventually.holds("it counts", () -> cut.log().sinceLeaderContactNanos() > TimeUnit.SECONDS.toNanos(3));
        answer(nodes.replica(leaderOtherThan(follower)).log().propose(bytes("meanwhile")));
        assertThat(cut.machine().texts()).containsExactly("before");
        network.heal();
        Eventually.holds("it catches up", () -> cut.machine().texts().equals(List.of("before", "meanwhile")));
        Eventually.holds(
                "it is in touch again", () -> cut.log().sinceLeaderContactNanos() < TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void aLeaderCutOffStepsDownAndItsLastEntryIsOfUnknownFate() throws Exception {
        int first = leaderOtherThan(-1);
        answer(nodes.replica(first).log().propose(bytes("before")));
        network.set(id(first), Mode.SILENT);
        CompletableFuture<RecordingMachine.Entry> lost =
                nodes.replica(first).log().propose(bytes("by the one cut off"));
        int second = leaderOtherThan(first);
        answer(nodes.replica(second).log().propose(bytes("by its successor")));
        assertFailsWith(lost, UnknownOutcomeException.class);
        assertThat(nodes.replica(first).log().leadership().leads()).isFalse();
        network.heal();
        for (Replica replica : nodes.replicas()) {
            Eventually.holds(
                    "all are of one mind",
                    () -> replica.machine().texts().equals(List.of("before", "by its successor")));
        }
    }

    @Test
    void lostRepliesLoseNoEntryAndRepeatNone() throws Exception {
        int leader = leaderOtherThan(-1);
        answer(nodes.replica(leader).log().propose(bytes("before")));
        for (int i = 0; i < 3; i++) {
            if (i != leader) {
                network.set(id(leader), id(i), Mode.DROP_REPLIES);
            }
        }
        CompletableFuture<RecordingMachine.Entry> proposal =
                nodes.replica(leader).log().propose(bytes("during"));
        Eventually.holds(
                "the leader has lost its majority",
                () -> !nodes.replica(leader).log().leadership().leads());
        assertFailsWith(proposal, UnknownOutcomeException.class);
        network.heal();
        answer(nodes.replica(leaderOtherThan(-1)).log().propose(bytes("after")));
        for (Replica replica : nodes.replicas()) {
            Eventually.holds(
                    "the last entry is applied", () -> replica.machine().texts().contains("after"));
        }
        // Whether it came through before the leader was waiting for a lost reply is open, but it is so for all.
        assertThat(nodes.replica(0).machine().texts())
                .isIn(List.of("before", "during", "after"), List.of("before", "after"))
                .isEqualTo(nodes.replica(1).machine().texts())
                .isEqualTo(nodes.replica(2).machine().texts());
    }
}
