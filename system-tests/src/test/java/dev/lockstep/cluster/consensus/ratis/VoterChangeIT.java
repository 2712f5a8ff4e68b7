package dev.lockstep.cluster.consensus.ratis;

import static dev.lockstep.cluster.consensus.ratis.GroupServers.ELECTION;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.LONGER_THAN_AN_ELECTION;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.always;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.other;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.stagingFor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ratis.GroupServers.Membership;
import dev.lockstep.cluster.testing.Eventually;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.SetConfigurationRequest.Arguments;
import org.apache.ratis.protocol.SetConfigurationRequest.Mode;
import org.apache.ratis.protocol.exceptions.ReconfigurationTimeoutException;
import org.apache.ratis.protocol.exceptions.SetConfigurationException;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of a group's voters in Ratis 3.3.0. */
class VoterChangeIT {

    private static final Membership THREE = Membership.of(0, 1, 2);
    private static final int LARGE = 2_000;

    @TempDir
    Path home;

    private GroupServers servers;

    @AfterEach
    void stop() {
        servers.close();
    }

    private static void assertRefused(CompletableFuture<RaftClientReply> change, Class<? extends Exception> as) {
        assertThat(change)
                .failsWithin(30, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class)
                .havingRootCause()
                .isInstanceOf(as);
    }

    /** R1, {@code RaftConfigurationImpl.hasNoChange}: only ids and priorities are compared. */
    @Test
    void anAddressChangeAloneIsReportedAsSuccessAndChangesNothing() throws Exception {
        servers = new GroupServers(home, 3);
        int leader = servers.form(0, 1, 2);
        RaftConfiguration before = servers.division(leader).getRaftConf();
        long end = servers.division(leader).getRaftLog().getNextIndex();
        int moved = other(THREE.voters(), leader);
        List<RaftPeer> elsewhere = THREE.voters().stream()
                .map(index -> index == moved
                        ? RaftPeer.newBuilder(servers.peer(index))
                                .setAddress("127.0.0.1:9")
                                .build()
                        : servers.peer(index))
                .toList();
        for (Mode mode : List.of(Mode.COMPARE_AND_SET, Mode.SET_UNCONDITIONALLY)) {
            Arguments change = Arguments.newBuilder()
                    .setMode(mode)
                    .setServersInCurrentConf(servers.peers(THREE.voters()))
                    .setServersInNewConf(elsewhere)
                    .build();
            assertThat(GroupServer.answered(servers.setConfiguration(leader, change))
                            .isSuccess())
                    .isTrue();
        }
        RaftConfiguration after = servers.division(leader).getRaftConf();
        assertThat(after).isEqualTo(before);
        assertThat(after.getPeer(servers.peer(moved).getId()).getAddress())
                .isEqualTo(servers.peer(moved).getAddress());
        assertThat(servers.division(leader).getRaftLog().getNextIndex()).isEqualTo(end);
    }

    /** R7, {@code RaftConfigurationImpl.changeMajority}: as many new voters as old ones are too many, except for 1 to 2. */
    @Test
    void aChangeMustKeepMoreVotersThanItAddsExceptFromOneToTwo() throws Exception {
        servers = new GroupServers(home, 5);
        servers.form(0);
        for (int i = 1; i < 5; i++) {
            servers.open(i, 0);
        }
        assertRefused(servers.change(0, Membership.of(0), THREE), SetConfigurationException.class);
        servers.changed(0, Membership.of(0), Membership.of(0, 1));
        assertRefused(
                servers.change(0, Membership.of(0, 1), Membership.of(0, 1, 2, 3)), SetConfigurationException.class);
        servers.changed(0, Membership.of(0, 1), THREE);
        assertRefused(servers.change(0, THREE, Membership.of(0, 3, 4)), SetConfigurationException.class);
        servers.changed(0, THREE, Membership.of(0, 1, 3));
        servers.changed(0, Membership.of(0, 1, 3), Membership.of(0, 1, 2, 3, 4));
        servers.write(0, "five");
        servers.awaitApplied(4, "five");
    }

    /** A change of replicas as a whole: one COMPARE_AND_SET, whose staging is the catch-up. */
    @Test
    void aReplicaIsReplacedInOneChangeWhileWritesContinue() throws Exception {
        servers = new GroupServers(home, 4);
        int leader = servers.form(0, 1, 2);
        int replaced = other(THREE.voters(), leader);
        int kept = other(THREE.voters(), leader, replaced);
        servers.write(leader, "before");
        servers.open(3, 0, 1, 2);
        CompletableFuture<RaftClientReply> change = servers.change(leader, THREE, Membership.of(leader, kept, 3));
        servers.write(leader, "meanwhile");
        assertThat(GroupServer.answered(change).isSuccess()).isTrue();
        servers.write(leader, "after");
        servers.awaitApplied(3, "before", "meanwhile", "after");
        servers.server(replaced).remove(servers.group(), true);
        servers.stop(leader);
        servers.write(servers.leader(), "without the leader");
        servers.awaitApplied(3, "before", "meanwhile", "after", "without the leader");
        servers.awaitApplied(kept, "before", "meanwhile", "after", "without the leader");
    }

    /** {@code LogAppender.shouldInstallSnapshot}: what isn't in the leader's log any more comes with its checkpoint. */
    @Test
    void aNewMemberIsStagedWithACheckpointIfTheLogNoLongerReachesBack() throws Exception {
        servers = new GroupServers(home, 2, ELECTION, properties -> {
            RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("16KB"));
            RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("16KB"));
        });
        servers.form(0);
        int written = 0;
        while (servers.division(0).getRaftLog().getStartIndex() <= GroupServers.ENTRIES_A_CHECKPOINT) {
            servers.write(0, written + " " + "x".repeat(LARGE));
            written++;
            assertThat(written).isLessThan(5_000);
        }
        servers.open(1, 0);
        servers.changed(0, Membership.of(0), Membership.of(0, 1));
        servers.write(0, "after");
        Eventually.holds("it has everything", () -> servers.applied(1).equals(servers.applied(0)));
        assertThat(servers.applied(1)).hasSize(written + 1);
        assertThat(servers.server(1).machine(servers.group()).restored()).isEqualTo(1);
    }

    /** R18, {@code LeaderStateImpl.checkProgress}: RATIS-2274 stays fixed. */
    @Test
    void aNewMemberThatLacksTheLatestConfigurationIsNotCaughtUpHoweverSmallTheGap() throws Exception {
        servers = new GroupServers(home, 4, ELECTION, stagingFor(Duration.ofMinutes(1)));
        servers.form(0);
        servers.open(3, 0);
        servers.write(0, "x".repeat(LARGE));
        servers.open(1, 0);
        servers.changed(0, Membership.of(0), Membership.of(0, 1));
        servers.open(2, 0, 1);
        servers.changed(0, Membership.of(0, 1), THREE);
        servers.loseLarge(0, 3, LARGE);
        CompletableFuture<RaftClientReply> change = servers.change(0, THREE, Membership.of(0, 1, 2, 3));
        always("it is being staged", LONGER_THAN_AN_ELECTION, () -> !change.isDone());
        assertThat(servers.division(0).getRaftConf().getCurrentPeers()).hasSize(3);
        servers.heal();
        assertThat(GroupServer.answered(change).isSuccess()).isTrue();
        Eventually.holds(
                "it has the configuration that it is in",
                () -> servers.division(3)
                        .getRaftConf()
                        .equals(servers.division(0).getRaftConf()));
    }

    /** R21, {@code LeaderStateImpl.EventProcessor}: a leader that stages doesn't ask whether a majority answers. */
    @Test
    void anIsolatedLeaderDoesNotStepDownWhileItStages() throws Exception {
        servers = new GroupServers(home, 4, ELECTION, stagingFor(Duration.ofMinutes(1)));
        int staging = servers.form(0, 1, 2);
        // Nobody is there to catch up.
        CompletableFuture<RaftClientReply> change = servers.change(staging, THREE, Membership.of(0, 1, 2, 3));
        servers.isolate(staging);
        Eventually.holds("another leads", () -> servers.readyLeader() != staging);
        CompletableFuture<?> held = servers.propose(staging, "held up");
        always(
                "both lead",
                LONGER_THAN_AN_ELECTION,
                () -> servers.division(staging).getInfo().isLeader() && !held.isDone() && !change.isDone());
        servers.heal();
        Eventually.holds(
                "it steps down", () -> !servers.division(staging).getInfo().isLeader());
        assertThat(GroupServer.answered(change).isSuccess()).isFalse();
        int second = servers.leader();
        servers.isolate(second);
        Eventually.holds(
                "one that stages nothing does",
                () -> !servers.division(second).getInfo().isLeader());
    }

    /** {@code AppendQueues.isFromMember}: Ratis would follow any leader. */
    @Test
    void aNewMemberHasToKnowTheLeaderThatStagesIt() throws Exception {
        servers = new GroupServers(home, 3);
        servers.form(0);
        servers.open(1);
        assertRefused(servers.change(0, Membership.of(0), Membership.of(0, 1)), ReconfigurationTimeoutException.class);
        servers.server(1).remove(servers.group(), true);
        servers.open(1, 0);
        servers.changed(0, Membership.of(0), Membership.of(0, 1));
    }

    /** {@code AppendQueues.isFromMember}: the new configuration comes with the first append, which must not be refused. */
    @Test
    void aMemberThatWasAwayWhileAllOthersWereReplacedFollowsALeaderThatIsAMemberOfItsCluster() throws Exception {
        servers = new GroupServers(home, 5);
        int first = servers.form(0, 1, 2);
        int away = other(THREE.voters(), first);
        int third = other(THREE.voters(), first, away);
        servers.write(first, "before");
        servers.awaitApplied(away, "before");
        servers.stop(away);
        servers.open(3, 0, 1, 2);
        servers.open(4, 0, 1, 2, 3);
        servers.changed(first, THREE, Membership.of(first, away, 3));
        servers.handOver(3);
        servers.changed(3, Membership.of(first, away, 3), Membership.of(away, 3, 4));
        servers.server(first).remove(servers.group(), true);
        servers.server(third).remove(servers.group(), true);
        servers.start(away, false).add(servers.group(), List.of());
        servers.write(3, "after");
        always(
                "it is behind",
                LONGER_THAN_AN_ELECTION,
                () -> servers.applied(away).size() < 2);
        servers.server(away).members(servers.members());
        servers.awaitApplied(away, "before", "after");
    }
}
