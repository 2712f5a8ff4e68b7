package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto.NotificationProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SnapshotInstallGateTest {

    private static final RaftGroupId GROUP = RaftGroupId.randomId();
    private static final long TERM = 5;
    private static final long OWN_CONFIGURATION = 30;
    private static final long OWN_NEXT = 36;
    private static final long CHECKPOINT_END = 62;

    /** The calls of Ratis, and whether the checkpoint had been offered or abandoned by then. */
    private final List<String> calls = new ArrayList<>();

    private final List<InstallSnapshotRequestProto> passedOn = new ArrayList<>();
    private @Nullable Pending pending;

    private static final class Pending implements PendingInstall {

        private final long end;
        private String state = "";

        Pending(long end) {
            this.end = end;
        }

        @Override
        public TermIndex wantedFrom() {
            return TermIndex.valueOf(4, 40);
        }

        @Override
        public long end() {
            return end;
        }

        @Override
        public void offer() {
            state = " of an offered checkpoint";
        }

        @Override
        public void abandon() {
            state = " of an abandoned checkpoint";
        }
    }

    private final RaftServer server = ScriptedRatisServer.role(
            RaftServer.class,
            Map.of(
                    "getGroupIds",
                    none -> List.of(),
                    "getDivision",
                    group -> ScriptedRatisServer.role(
                            RaftServer.Division.class,
                            Map.of(
                                    "getStateMachine",
                                    none -> new BaseStateMachine(),
                                    "getRaftConf",
                                    none -> ScriptedRatisServer.role(
                                            RaftConfiguration.class,
                                            Map.of("getLogEntryIndex", index -> OWN_CONFIGURATION)),
                                    "getRaftLog",
                                    none -> ScriptedRatisServer.role(
                                            RaftLog.class, Map.of("getNextIndex", next -> OWN_NEXT)),
                                    "getInfo",
                                    none -> ScriptedRatisServer.role(
                                            DivisionInfo.class,
                                            Map.of(
                                                    "getLifeCycleState",
                                                    state -> LifeCycle.State.RUNNING,
                                                    "getCurrentTerm",
                                                    term -> TERM)))),
                    "installSnapshot",
                    request -> {
                        passedOn.add((InstallSnapshotRequestProto) request[0]);
                        calls.add("notified" + (pending == null ? "" : pending.state));
                        return InstallSnapshotReplyProto.getDefaultInstance();
                    }));

    private final SnapshotInstallGate gate = new SnapshotInstallGate(
            server,
            new LinkTransport.Context(
                    ScriptedRatisServer.role(Links.class, Map.of()),
                    new LeaderContacts(Time.system()),
                    Duration.ofMillis(100),
                    Time.system(),
                    Entropy.system(),
                    group -> new AlwaysGrantingElectionGate(),
                    ScriptedRatisServer.role(CheckpointSource.class, Map.of("pendingInstall", group -> pending)),
                    ByteRate.unlimited()));

    private static RaftRpcRequestProto header() {
        return RaftRpcRequestProto.newBuilder()
                .setRequestorId(RaftPeerId.valueOf("n2").toByteString())
                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(GROUP))
                .build();
    }

    /** A notification as a leader of an earlier build sends it: without what it had applied. */
    private static InstallSnapshotRequestProto notification(long term, long configuration, long firstAvailable) {
        return InstallSnapshotRequestProto.newBuilder()
                .setServerRequest(header())
                .setLeaderTerm(term)
                .setLastRaftConfigurationLogEntryProto(
                        LogEntryProto.newBuilder().setIndex(configuration))
                .setNotification(NotificationProto.newBuilder()
                        .setFirstAvailableTermIndex(
                                TermIndex.valueOf(4, firstAvailable).toProto()))
                .build();
    }

    @Test
    void aNotificationPassesAsItIsWhileNothingIsFetched() throws IOException {
        InstallSnapshotRequestProto request = notification(TERM, 35, 40);
        gate.install(request);
        pending = new Pending(PendingInstall.NOT_FETCHED);
        gate.install(request);
        assertThat(passedOn).containsExactly(request, request);
    }

    @Test
    void aCheckpointIsOfferedOnceRatisHasTheConfigurationThatBelongsToIt() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        InstallSnapshotRequestProto request = SnapshotInstallGate.sentAt(CHECKPOINT_END, notification(TERM, 55, 40));
        gate.install(request);
        assertThat(calls).containsExactly("notified", "notified of an offered checkpoint");
        assertThat(passedOn).containsExactly(request, request);
    }

    @Test
    void aConfigurationOfAfterTheCheckpointIsTakenForItsEnd() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        gate.install(SnapshotInstallGate.sentAt(CHECKPOINT_END + 9, notification(TERM, CHECKPOINT_END + 5, 40)));
        assertThat(passedOn)
                .hasSize(2)
                .allMatch(request ->
                        request.getLastRaftConfigurationLogEntryProto().getIndex() == CHECKPOINT_END);
    }

    @Test
    void aCheckpointIsNotInstalledWithANotificationThatWasSentBeforeItWasTaken() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        gate.install(SnapshotInstallGate.sentAt(CHECKPOINT_END - 1, notification(TERM, 35, 40)));
        assertThat(calls).containsExactly("notified");
    }

    @Test
    void aCheckpointIsInstalledWithANotificationOfALeaderThatDoesNotSayWhatItHadApplied() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        gate.install(notification(TERM, 55, 40));
        assertThat(calls).containsExactly("notified", "notified of an offered checkpoint");
    }

    @Test
    void aDeposedLeaderInstallsNothingAndItsConfigurationIsNotTaken() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        gate.install(SnapshotInstallGate.sentAt(CHECKPOINT_END, notification(TERM - 1, 55, 40)));
        assertThat(calls).containsExactly("notified");
        assertThat(passedOn.get(0).hasLastRaftConfigurationLogEntryProto()).isFalse();
    }

    @Test
    void anOlderConfigurationIsNotTaken() throws IOException {
        gate.install(notification(TERM, OWN_CONFIGURATION - 1, 40));
        gate.install(notification(TERM, OWN_CONFIGURATION, 40));
        assertThat(passedOn)
                .map(InstallSnapshotRequestProto::hasLastRaftConfigurationLogEntryProto)
                .containsExactly(false, true);
    }

    @Test
    void aLeaderForWhichAnEarlierCheckpointWouldDoIsHeardWithItsConfiguration() throws IOException {
        pending = new Pending(CHECKPOINT_END);
        gate.install(SnapshotInstallGate.sentAt(CHECKPOINT_END, notification(TERM, 55, 20)));
        assertThat(passedOn).allSatisfy(request -> {
            assertThat(request.getNotification().getFirstAvailableTermIndex().getIndex())
                    .isEqualTo(40);
            assertThat(request.getLastRaftConfigurationLogEntryProto().getIndex())
                    .isEqualTo(55);
        });
    }

    @Test
    void aCheckpointIsAbandonedIfTheLeaderSendsTheEntriesThatComeNext() {
        pending = new Pending(CHECKPOINT_END);
        refuse(OWN_NEXT - 1);
        assertThat(calls).containsExactly("notified of an abandoned checkpoint");
        assertThat(passedOn.get(0).hasLastRaftConfigurationLogEntryProto()).isFalse();
    }

    /** As a new leader does, until it is told where the log ends here. */
    @Test
    void aCheckpointIsNotAbandonedIfTheLeaderSendsLaterEntries() {
        pending = new Pending(CHECKPOINT_END);
        refuse(OWN_NEXT);
        assertThat(calls).isEmpty();
    }

    @Test
    void aCheckpointIsNotAbandonedWhileItIsFetched() {
        pending = new Pending(PendingInstall.NOT_FETCHED);
        refuse(OWN_NEXT - 1);
        assertThat(calls).isEmpty();
    }

    private void refuse(long previous) {
        AppendEntriesRequestProto append = AppendEntriesRequestProto.newBuilder()
                .setServerRequest(header())
                .setLeaderTerm(TERM)
                .setPreviousLog(TermIndex.valueOf(TERM, previous).toProto())
                .build();
        gate.refused(append, new AppendQueues(server, new LeaderContacts(Time.system()), node -> true, List.of()));
    }
}
