package dev.lockstep.cluster.consensus.ratis;

import static dev.lockstep.cluster.consensus.ratis.GroupServers.LONGER_THAN_AN_ELECTION;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.always;
import static dev.lockstep.cluster.consensus.ratis.GroupServers.other;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ratis.GroupServers.Membership;
import dev.lockstep.cluster.testing.Eventually;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.exceptions.AlreadyExistsException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.LifeCycle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that are opened, closed, removed and led, in Ratis 3.3.0: a group of three. */
class GroupLifecycleIT {

    private static final Membership THREE = Membership.of(0, 1, 2);

    @TempDir
    Path home;

    private GroupServers servers;
    private int leader;
    private int follower;

    @BeforeEach
    void start() throws Exception {
        servers = new GroupServers(home, 3);
        leader = servers.form(0, 1, 2);
        follower = other(THREE.voters(), leader);
        servers.write(leader, "before");
        for (int replica : THREE.voters()) {
            servers.awaitApplied(replica, "before");
        }
    }

    @AfterEach
    void stop() {
        servers.close();
    }

    /** R9, {@code RaftServerProxy.ImplMap.addNew}: a replica that Ratis has closed by itself is still there. */
    @Test
    void aLeaderThatIsRemovedClosesAndCanBeAddedAgainOnlyAfterItIsRemovedFromItsServer() throws Exception {
        RaftServer.Division removed = servers.division(leader);
        int third = other(THREE.voters(), leader, follower);
        Membership two = Membership.of(follower, third);
        servers.changed(leader, THREE, two);
        Eventually.holds("it is closed", () -> removed.getInfo().getLifeCycleState() == LifeCycle.State.CLOSED);
        GroupServer server = servers.server(leader);
        assertThat(server.server().getGroupIds()).containsExactly(servers.group());
        assertThat(server.tryToAdd(servers.group(), servers.peers(two.voters())))
                .failsWithin(30, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class)
                .havingRootCause()
                .isInstanceOf(AlreadyExistsException.class);
        server.remove(servers.group(), true);
        servers.open(leader, follower, third);
        int next = servers.leader();
        servers.changed(next, two, THREE);
        servers.write(next, "after");
        servers.awaitApplied(leader, "before", "after");
    }

    /** R10, {@code RaftServerProxy.initGroups}: nothing but the folder is asked whether the group is wanted. */
    @Test
    void aServerOpensEveryGroupInItsFolderUnlessItIsBuiltOnAnother() throws Exception {
        servers.stop(follower);
        GroupServer asRatisDoes = servers.start(follower, true);
        Eventually.holds(
                "it is open",
                () -> servers.division(follower).getInfo().getLifeCycleState() == LifeCycle.State.RUNNING);
        assertThat(asRatisDoes.server().getGroupIds()).containsExactly(servers.group());
        assertThat(servers.division(follower).getRaftConf().getCurrentPeers()).hasSize(3);
        servers.stop(follower);
        GroupServer asNodesDo = servers.start(follower, false);
        assertThat(asNodesDo.folder(servers.group())).isDirectory();
        assertThat(asNodesDo.server().getGroupIds()).isEmpty();
    }

    /** R12, {@code TransferLeadership.isFollowerUpToDate}: what the follower has applied is not looked at. */
    @Test
    void leadershipIsTransferredToAFollowerThatHasAppliedNothingAndThenNobodyTakesWrites() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        servers.server(follower).machine(servers.group()).holdUntil(gate);
        String slow = RecordingMachine.LONG + " to apply"; // so that no thread of the connection waits
        servers.write(leader, slow);
        Eventually.holds(
                "it has it",
                () -> servers.server(follower).machine(servers.group()).isHeld());
        assertThat(GroupServer.answered(servers.transfer(leader, follower)).isSuccess())
                .isTrue();
        assertThat(servers.division(follower).getInfo().isLeader()).isTrue();
        always(
                "it leads and is not ready",
                LONGER_THAN_AN_ELECTION,
                () -> servers.division(follower).getInfo().isLeader()
                        && !servers.division(follower).getInfo().isLeaderReady());
        for (int replica : List.of(leader, follower)) {
            assertThat(servers.propose(replica, "refused"))
                    .failsWithin(30, TimeUnit.SECONDS)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(NotLeaderException.class);
        }
        gate.countDown();
        Eventually.holds("it is ready", () -> servers.readyLeader() == follower);
        servers.write(follower, "after");
        servers.awaitApplied(leader, "before", slow, "after");
    }

    /** R14, {@code LogAppenderBase.getNextIndexForInconsistency} (RATIS-2523): the leader still holds it for what it was. */
    @Test
    void aFollowerThatComesBackEmptyStaysSoWhileTheGroupIsIdle() throws Exception {
        comesBackEmpty();
        always(
                "it is empty",
                LONGER_THAN_AN_ELECTION,
                () -> servers.applied(follower).isEmpty());
    }

    /** R14: an append of an entry takes another way than a heartbeat. */
    @Test
    void aFollowerThatComesBackEmptyIsCurrentAfterAnotherWrite() throws Exception {
        comesBackEmpty();
        servers.write(leader, "after");
        servers.awaitApplied(follower, "before", "after");
    }

    /** R14: a new leader assumes nothing about its followers. */
    @Test
    void aFollowerThatComesBackEmptyIsCurrentOnceAnotherLeads() throws Exception {
        comesBackEmpty();
        int next = other(THREE.voters(), leader, follower);
        servers.handOver(next);
        servers.awaitApplied(follower, "before");
        servers.write(servers.leader(), "after");
        servers.awaitApplied(follower, "before", "after");
    }

    private void comesBackEmpty() throws Exception {
        servers.server(follower).remove(servers.group(), true);
        assertThat(servers.server(follower).folder(servers.group())).doesNotExist();
        servers.open(follower, 0, 1, 2);
    }
}
