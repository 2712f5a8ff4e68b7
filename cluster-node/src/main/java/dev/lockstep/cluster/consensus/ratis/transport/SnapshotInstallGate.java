package dev.lockstep.cluster.consensus.ratis.transport;

import java.io.IOException;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto.NotificationProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.SlidingWindowEntry;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes a leader's InstallSnapshot to Ratis (3.3.0) only in the states of a replica in which Ratis survives it, with the
 * later of two leaders' demands, and so that a checkpoint is never installed with a configuration that is older. Also tells Ratis that
 * there is none where a leader that needs no snapshot would never ask. Used on the loop of the group; stateless.
 */
final class SnapshotInstallGate {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotInstallGate.class);

    private final RaftServer server;
    private final LinkTransport.Context context;

    SnapshotInstallGate(RaftServer server, LinkTransport.Context context) {
        this.server = server;
        this.context = context;
    }

    /**
     * Notes in a request how far its leader had applied its log when it read the configuration that the request carries. The note
     * is in a field that Ratis uses for clients' requests alone.
     */
    static InstallSnapshotRequestProto sentAt(long applied, InstallSnapshotRequestProto request) {
        return request.toBuilder()
                .setServerRequest(request.getServerRequest().toBuilder()
                        .setSlidingWindowEntry(SlidingWindowEntry.newBuilder().setSeqNum(applied)))
                .build();
    }

    /**
     * Passes a request on, but not before the replica has started, nor while it takes over a checkpoint. Ratis checks
     * the first for everything but this: it would make the replica a follower, and then, in the middle of starting,
     * find that it is one already, and give it up. A replica that is no member yet is open and still said to be starting: Ratis has
     * it run once the leader counts it as a member.
     *
     * <p>While one leader has a checkpoint fetched, the next may say that an earlier one would do. An assertion of
     * Ratis would fail then for as long as that leader's log begins there, so Ratis is told the later of both.
     *
     * <p>A checkpoint comes without the configuration: Ratis takes that from the notification. So a checkpoint is installed only with one
     * that was sent when its leader had applied at least as much, and after Ratis has written that one's configuration to the disk. Ratis
     * takes the configuration of any other notification too, also of a leader that is deposed, or of one that has been under way
     * for long: those are passed on without if theirs is older.
     */
    InstallSnapshotReplyProto install(InstallSnapshotRequestProto request) throws IOException {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        RaftServer.Division division = ready(group);
        PendingInstall pending = context.checkpoints().pendingInstall(group);
        InstallSnapshotRequestProto later = pending == null ? request : later(request, pending.wantedFrom());
        if (pending == null
                || pending.end() == PendingInstall.NOT_FETCHED
                || appliedWhenSent(request) < pending.end()
                || isDeposed(request, division)) {
            return server.installSnapshot(isOlder(request, division) ? withoutConfiguration(later) : later);
        }
        InstallSnapshotRequestProto installing = withConfigurationUpTo(pending.end(), later);
        server.installSnapshot(installing);
        pending.offer();
        return server.installSnapshot(installing);
    }

    private RaftServer.Division ready(RaftGroupId group) throws IOException {
        RaftServer.Division division = server.getDivision(group);
        LifeCycle.State state = division.getInfo().getLifeCycleState();
        if (!LifeCycle.States.STARTING_OR_RUNNING.contains(state) || !context.isOpen(group)) {
            throw new ServerNotReadyException("The replica of " + group + " is " + state);
        }
        if (division.getStateMachine().getLifeCycleState() == LifeCycle.State.PAUSED) {
            throw new ServerNotReadyException("The replica of " + group + " is about to install a checkpoint");
        }
        return division;
    }

    private static InstallSnapshotRequestProto later(InstallSnapshotRequestProto request, TermIndex wantedFrom) {
        return request.getNotification().getFirstAvailableTermIndex().getIndex() >= wantedFrom.getIndex()
                ? request
                : request.toBuilder().setNotification(notification(wantedFrom)).build();
    }

    /** Returns {@code Long.MAX_VALUE} for a leader of an earlier build, which does not say. */
    private static long appliedWhenSent(InstallSnapshotRequestProto request) {
        RaftRpcRequestProto header = request.getServerRequest();
        return header.hasSlidingWindowEntry() ? header.getSlidingWindowEntry().getSeqNum() : Long.MAX_VALUE;
    }

    private static boolean isDeposed(InstallSnapshotRequestProto request, RaftServer.Division division) {
        return request.getLeaderTerm() < division.getInfo().getCurrentTerm();
    }

    /** Tells whether it carries a configuration that is older than the replica's. */
    private static boolean isOlder(InstallSnapshotRequestProto request, RaftServer.Division division) {
        return request.hasLastRaftConfigurationLogEntryProto()
                && (isDeposed(request, division)
                        || request.getLastRaftConfigurationLogEntryProto().getIndex()
                                < division.getRaftConf().getLogEntryIndex());
    }

    /**
     * Has the configuration belong to the checkpoint also if its entry comes after that. Ratis forgets configurations of the positions that
     * a leader sends entries for, and would go back to the one before, which the replica may have from long ago.
     */
    private static InstallSnapshotRequestProto withConfigurationUpTo(long end, InstallSnapshotRequestProto request) {
        return request.getLastRaftConfigurationLogEntryProto().getIndex() <= end
                ? request
                : request.toBuilder()
                        .setLastRaftConfigurationLogEntryProto(
                                request.getLastRaftConfigurationLogEntryProto().toBuilder()
                                        .setIndex(end))
                        .build();
    }

    private static InstallSnapshotRequestProto withoutConfiguration(InstallSnapshotRequestProto request) {
        return request.toBuilder().clearLastRaftConfigurationLogEntryProto().build();
    }

    /**
     * Handles an append that Ratis has refused. Until a checkpoint that was fetched is installed, Ratis takes no entries. A leader that
     * was elected meanwhile, and has all the entries that are needed here, never sends the notification with which it would be, and
     * nothing else says which configuration belongs to it. So once that leader sends the entries that come next here, Ratis is told that there is
     * no checkpoint.
     */
    void refused(AppendEntriesRequestProto append, AppendQueues queues) {
        RaftGroupId group = ProtoUtils.toRaftGroupId(append.getServerRequest().getRaftGroupId());
        PendingInstall pending = context.isOpen(group) ? context.checkpoints().pendingInstall(group) : null;
        if (pending == null || pending.end() == PendingInstall.NOT_FETCHED) {
            return;
        }
        try {
            queues.answer(group, () -> abandonIfNotNeeded(pending, group, append));
        } catch (IOException | RuntimeException notNow) {
            LOG.debug("The fetched checkpoint of {} was not abandoned", group, notNow);
        }
    }

    private boolean abandonIfNotNeeded(PendingInstall pending, RaftGroupId group, AppendEntriesRequestProto append)
            throws IOException {
        boolean hasWhatComesNext =
                append.getPreviousLog().getIndex() < ready(group).getRaftLog().getNextIndex();
        if (hasWhatComesNext) {
            pending.abandon();
            server.installSnapshot(InstallSnapshotRequestProto.newBuilder()
                    .setServerRequest(append.getServerRequest())
                    .setLeaderTerm(append.getLeaderTerm())
                    .setNotification(notification(pending.wantedFrom()))
                    .build());
        }
        return hasWhatComesNext;
    }

    private static NotificationProto notification(TermIndex firstAvailable) {
        return NotificationProto.newBuilder()
                .setFirstAvailableTermIndex(firstAvailable.toProto())
                .build();
    }
}
