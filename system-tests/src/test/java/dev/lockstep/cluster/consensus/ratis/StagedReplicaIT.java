package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLogContract.Replica;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica that is staged on a node that has hosted the group before: a group of three, and a fourth node. */
class StagedReplicaIT {

    private static final int GROUP = 7;

    @TempDir
    Path home;

    private final List<Member> members = RaftMember.members(MemberPorts.reserve(4));
    private final List<RaftMember> running = new ArrayList<>();
    private final List<Replica> replicas = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        for (Member self : members) {
            running.add(new RaftMember(RaftMember.settings(
                    "staged", self, members, home.resolve(self.id().name()), Duration.ofSeconds(1))));
        }
        for (int i = 0; i < 3; i++) {
            replicas.add(open(i, ids(0, 1, 2)));
        }
        leader();
    }

    @AfterEach
    void stop() {
        running.forEach(RaftMember::close);
    }

    private Replica open(int index, Set<NodeId> voters) throws IOException {
        RecordingMachine machine = new RecordingMachine();
        ReplicatedLog<byte[], RecordingMachine.Entry> log =
                running.get(index).consensus().open(GROUP, List.copyOf(voters), machine);
        return new Replica(log, machine);
    }

    private Set<NodeId> ids(int... indices) {
        Set<NodeId> ids = new TreeSet<>();
        for (int index : indices) {
            ids.add(members.get(index).id());
        }
        return ids;
    }

    private Replica leader() throws Exception {
        Eventually.holds("one leads and is ready", () -> readyLeader().isPresent());
        return readyLeader().orElseThrow();
    }

    private Optional<Replica> readyLeader() {
        return replicas.stream()
                .filter(replica -> replica.log().leadership().ready())
                .findFirst();
    }

    /**
     * Its term may be later than the group's, by votes that it has forgotten. It rejoins in a term in which none can be, and takes
     * no entries from a leader of an earlier one, while that leader, which stages it, can't transfer its leadership.
     */
    @Test
    void aReplicaThatHadLostItsStateWhenItWasRemovedCatchesUpOnceTheLeaderThatStagesItStepsDown() throws Exception {
        open(3, ids(0, 1, 3));
        Eventually.holds("it has lost its state", () -> status(3).state() == ReplicaStatus.State.LOST);
        running.get(3).consensus().remove(GROUP).join();
        long term = leader().log().leadership().term();

        CompletableFuture<Void> staging = leader().log().changeVoters(ids(0, 1, 2), ids(0, 1, 2, 3));
        Replica staged = open(3, ids(0, 1, 2));
        replicas.add(staged);
        Eventually.holds(
                "another leader is elected", () -> leader().log().leadership().term() > term);
        assertThat(staging).failsWithin(Duration.ofSeconds(10));
        leader().log().changeVoters(ids(0, 1, 2), ids(0, 1, 2, 3)).join();
        assertThat(leader().log().leadership().voters()).containsExactly(ids(0, 1, 2, 3));
        leader().log().propose("after".getBytes(StandardCharsets.UTF_8)).join();
        Eventually.holds(
                "it has all entries",
                () -> staged.machine().applied().stream()
                        .map(RecordingMachine.Entry::text)
                        .toList()
                        .equals(List.of("after")));
    }

    private ReplicaStatus status(int index) {
        return running.get(index).consensus().replicas().get(0);
    }
}
