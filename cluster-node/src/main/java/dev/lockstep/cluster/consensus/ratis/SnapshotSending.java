package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.util.Iterator;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.server.leader.LogAppender;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one snapshot to one follower, a chunk when the one before is answered. Chunks are read on the loop of the group, which
 * does other things while an answer is awaited: two nodes that send each other snapshots would otherwise wait for each other.
 * Lives on that loop, but for {@link #begin}.
 */
final class SnapshotSending {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotSending.class);

    private final LinkRpc rpc;
    private final PeerLink peer;
    private final LogAppender appender;
    private final EventLoop loop;
    private final Iterator<InstallSnapshotRequestProto> chunks;
    private final Consumer<@Nullable InstallSnapshotReplyProto> ended;
    /** Counts the chunks; what is said about an earlier one comes too late. */
    private int sent;

    private boolean awaiting;

    /** @param ended told once, with the follower's last answer; null if there was none */
    SnapshotSending(
            LinkRpc rpc,
            PeerLink peer,
            LogAppender appender,
            Iterator<InstallSnapshotRequestProto> chunks,
            Consumer<@Nullable InstallSnapshotReplyProto> ended) {
        this.rpc = rpc;
        this.peer = peer;
        this.appender = appender;
        this.loop = rpc.loop(appender.getServer().getMemberId().getGroupId());
        this.chunks = chunks;
        this.ended = ended;
    }

    void begin() {
        loop.execute(this::sendNext);
    }

    private void sendNext() {
        try {
            InstallSnapshotRequestProto chunk = chunks.next();
            sent++;
            awaiting = true;
            int number = sent;
            appender.getFollower().updateLastRpcSendTime(false);
            EventLoop.Timer late = loop.schedule(rpc.patienceNanos(), () -> answered(number, null));
            peer.send(RaftMessages.of(RaftMessages.Kind.SNAPSHOT, chunk), (answer, failure) -> {
                late.cancel();
                loop.execute(() -> answered(number, answer));
            });
        } catch (RuntimeException failure) {
            LOG.warn("{} could not read its snapshot", appender, failure);
            ended.accept(null);
        }
    }

    private void answered(int number, @Nullable Bytes answer) {
        if (number != sent || !awaiting) {
            return;
        }
        awaiting = false;
        InstallSnapshotReplyProto reply = reply(answer);
        if (reply == null) {
            ended.accept(null);
            return;
        }
        appender.getFollower().updateLastRpcResponseTime();
        boolean wantsMore = reply.getServerReply().getSuccess()
                && reply.getResult() != InstallSnapshotResult.ALREADY_INSTALLED
                && chunks.hasNext()
                && appender.isRunning();
        if (wantsMore) {
            sendNext();
        } else {
            ended.accept(reply);
        }
    }

    private static @Nullable InstallSnapshotReplyProto reply(@Nullable Bytes answer) {
        try {
            return answer == null ? null : RaftMessages.one(answer, InstallSnapshotReplyProto.parser());
        } catch (IOException malformed) {
            return null;
        }
    }
}
