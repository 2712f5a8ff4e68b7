package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.server.leader.FollowerInfo;
import org.jspecify.annotations.Nullable;

/**
 * The installation of a checkpoint by a follower that needs entries which the log has no more. The follower is told to fetch one, again
 * and again until it has: that keeps it from electing another leader. Used by the thread that holds its appender's claims.
 */
final class SnapshotInstallation {

    private static final long UNKNOWN = Long.MIN_VALUE;
    /** Patience is three election time-outs. */
    private static final int NOTIFICATIONS_IN_PATIENCE = 12;

    private final PeerChannel peer;
    private final FollowerInfo follower;
    private final EventLoop loop;
    private final long patienceNanos;
    private final Executor appender;
    private boolean inProgress;
    private int notifications;
    /** The end of the follower's checkpoint, if it has said so and nothing has failed since. */
    private long installedEnd = UNKNOWN;

    /**
     * @param patienceNanos after which a notification that was not answered has failed
     * @param appender runs events as the appender, while that runs
     */
    SnapshotInstallation(
            PeerChannel peer, FollowerInfo follower, EventLoop loop, long patienceNanos, Executor appender) {
        this.peer = peer;
        this.follower = follower;
        this.loop = loop;
        this.patienceNanos = patienceNanos;
        this.appender = appender;
    }

    /** Tells whether the follower is fetching a checkpoint, or was told to and has not answered yet. */
    boolean isInProgress() {
        return inProgress;
    }

    /** Tells whether the follower has a checkpoint that ends right before a position. */
    boolean endsBefore(long position) {
        return position == installedEnd + 1;
    }

    /** Forgets which checkpoint the follower has. */
    void forget() {
        installedEnd = UNKNOWN;
    }

    /**
     * Tells the follower to fetch a checkpoint.
     *
     * @param ended told how it ended, unless the follower is still fetching; null if there was no answer
     */
    void begin(InstallSnapshotRequestProto request, Consumer<@Nullable InstallSnapshotReplyProto> ended) {
        inProgress = true;
        int number = ++notifications;
        EventLoop.Timer late =
                loop.schedule(patienceNanos, () -> appender.execute(() -> answered(number, null, ended)));
        peer.send(RaftMessages.of(RaftMessages.Kind.SNAPSHOT, request), (answer, failure) -> {
            late.cancel();
            appender.execute(() -> answered(number, reply(answer), ended));
        });
    }

    private void answered(
            int number,
            @Nullable InstallSnapshotReplyProto reply,
            Consumer<@Nullable InstallSnapshotReplyProto> ended) {
        if (number != notifications || !inProgress) {
            return;
        }
        if (reply != null) {
            follower.updateLastRpcResponseTime();
            switch (reply.getResult()) {
                case IN_PROGRESS -> {
                    loop.schedule(
                            patienceNanos / NOTIFICATIONS_IN_PATIENCE,
                            () -> appender.execute(() -> inProgress = false));
                    return;
                }
                case SNAPSHOT_INSTALLED, ALREADY_INSTALLED -> {
                    installedEnd = reply.getSnapshotIndex();
                    follower.setSnapshotIndex(installedEnd);
                    follower.setAttemptedToInstallSnapshot();
                }
                case NOT_LEADER -> {}
                default -> follower.setAttemptedToInstallSnapshot();
            }
        }
        inProgress = false;
        ended.accept(reply);
    }

    private static @Nullable InstallSnapshotReplyProto reply(@Nullable Bytes answer) {
        try {
            return answer == null ? null : RaftMessages.one(answer, InstallSnapshotReplyProto.parser());
        } catch (IOException malformed) {
            return null;
        }
    }
}
