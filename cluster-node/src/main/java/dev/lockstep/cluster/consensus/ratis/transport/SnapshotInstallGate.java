package dev.lockstep.cluster.consensus.ratis.transport;

import java.io.IOException;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.ProtoUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes a leader's InstallSnapshot to Ratis (3.3.0) only in the states of a replica in which Ratis survives it, and with the
 * later of two leaders' demands. Also gives it to Ratis where a leader that needs no snapshot would never send it, so that a
 * fetched checkpoint is installed. Used on the loop of the group; stateless.
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
     * Passes a request on, but not before the replica has started, nor while it takes over a checkpoint. Ratis checks
     * the first for everything but this: it would make the replica a follower, and then, in the middle of starting,
     * find that it is one already, and give it up. A replica that is no member yet is open and still said to be starting: Ratis has
     * it run once the leader counts it as a member.
     *
     * <p>While one leader has a checkpoint fetched, the next may say that an earlier one would do. An assertion of
     * Ratis would fail then for as long as that leader's log begins there, so Ratis is told the later of both.
     */
    InstallSnapshotReplyProto install(InstallSnapshotRequestProto request) throws IOException {
        RaftGroupId group = ProtoUtils.toRaftGroupId(request.getServerRequest().getRaftGroupId());
        RaftServer.Division division = server.getDivision(group);
        LifeCycle.State state = division.getInfo().getLifeCycleState();
        if (!LifeCycle.States.STARTING_OR_RUNNING.contains(state) || !context.isOpen(group)) {
            throw new ServerNotReadyException("The replica of " + group + " is " + state);
        }
        if (division.getStateMachine().getLifeCycleState() == LifeCycle.State.PAUSED) {
            throw new ServerNotReadyException("The replica of " + group + " is about to install a checkpoint");
        }
        TermIndex pending = context.checkpoints().pendingInstall(group);
        if (pending != null
                && request.getNotification().getFirstAvailableTermIndex().getIndex() < pending.getIndex()) {
            return server.installSnapshot(notification(request.getServerRequest(), request.getLeaderTerm(), pending));
        }
        return server.installSnapshot(request);
    }

    /**
     * Handles an append that Ratis has refused. Until a checkpoint that was fetched is installed, Ratis takes no entries, and it
     * installs one only when a leader asks for that. A leader that was elected meanwhile, and has all the entries that are
     * needed here, never would.
     */
    void refused(AppendEntriesRequestProto append, AppendQueues queues) {
        RaftRpcRequestProto header = append.getServerRequest();
        RaftGroupId group = ProtoUtils.toRaftGroupId(header.getRaftGroupId());
        try {
            TermIndex pending = context.isOpen(group) ? context.checkpoints().pendingInstall(group) : null;
            if (pending != null) {
                queues.answer(group, () -> install(notification(header, append.getLeaderTerm(), pending)));
            }
        } catch (IOException | RuntimeException notNow) {
            LOG.debug("The fetched checkpoint of {} was not installed", group, notNow);
        }
    }

    private static InstallSnapshotRequestProto notification(
            RaftRpcRequestProto header, long leaderTerm, TermIndex firstAvailable) {
        return InstallSnapshotRequestProto.newBuilder()
                .setServerRequest(header)
                .setLeaderTerm(leaderTerm)
                .setNotification(InstallSnapshotRequestProto.NotificationProto.newBuilder()
                        .setFirstAvailableTermIndex(firstAvailable.toProto()))
                .build();
    }
}
