package dev.lockstep.cluster.consensus.ratis.transport;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.util.Timestamp;

/** A leader's knowledge of a follower, kept as Ratis keeps it. Thread-safe. */
final class ScriptedFollower implements FollowerInfo {

    private final RaftPeer peer;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong match = new AtomicLong(-1);
    private final AtomicLong commit = new AtomicLong(-1);
    private volatile long snapshot;
    private volatile Timestamp sent = Timestamp.currentTime();
    private volatile Timestamp heartbeat = Timestamp.currentTime();
    private volatile Timestamp answered = Timestamp.currentTime();

    ScriptedFollower(RaftPeer peer) {
        this.peer = peer;
    }

    @Override
    public String getName() {
        return peer.getId().toString();
    }

    @Override
    public RaftPeerId getId() {
        return peer.getId();
    }

    @Override
    public RaftPeer getPeer() {
        return peer;
    }

    @Override
    public long getMatchIndex() {
        return match.get();
    }

    @Override
    public boolean updateMatchIndex(long index) {
        return match.getAndAccumulate(index, Math::max) < index;
    }

    @Override
    public long getCommitIndex() {
        return commit.get();
    }

    @Override
    public boolean updateCommitIndex(long index) {
        return commit.getAndAccumulate(index, Math::max) < index;
    }

    @Override
    public long getSnapshotIndex() {
        return snapshot;
    }

    @Override
    public void setSnapshotIndex(long index) {
        snapshot = index;
        match.set(index);
        next.set(index + 1);
    }

    @Override
    public void setAttemptedToInstallSnapshot() {}

    @Override
    public boolean hasAttemptedToInstallSnapshot() {
        return true;
    }

    @Override
    public long getNextIndex() {
        return next.get();
    }

    @Override
    public void increaseNextIndex(long index) {
        if (next.getAndSet(index) > index) {
            throw new IllegalStateException("The next index does not rise to " + index);
        }
    }

    @Override
    public void decreaseNextIndex(long index) {
        next.updateAndGet(old -> old <= 0 ? old : Math.min(old - 1, index));
    }

    @Override
    public void setNextIndex(long index) {
        next.set(index);
    }

    @Override
    public void updateNextIndex(long index) {
        next.accumulateAndGet(index, Math::max);
    }

    @Override
    public void computeNextIndex(LongUnaryOperator change) {
        next.updateAndGet(change);
    }

    @Override
    public Timestamp getLastRpcResponseTime() {
        return answered;
    }

    @Override
    public Timestamp getLastRpcSendTime() {
        return sent;
    }

    @Override
    public void updateLastRpcResponseTime() {
        answered = Timestamp.currentTime();
    }

    @Override
    public void updateLastRpcSendTime(boolean isHeartbeat) {
        sent = Timestamp.currentTime();
        heartbeat = isHeartbeat ? sent : heartbeat;
    }

    @Override
    public Timestamp getLastRpcTime() {
        return Timestamp.latest(sent, answered);
    }

    @Override
    public Timestamp getLastHeartbeatSendTime() {
        return heartbeat;
    }

    @Override
    public Timestamp getLastRespondedAppendEntriesSendTime() {
        return answered;
    }

    @Override
    public void updateLastRespondedAppendEntriesSendTime(Timestamp time) {}

    @Override
    public ErrorState getErrorState() {
        throw new UnsupportedOperationException("Nobody counts errors");
    }
}
