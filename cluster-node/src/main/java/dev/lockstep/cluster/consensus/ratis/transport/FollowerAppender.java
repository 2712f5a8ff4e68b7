package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.consensus.ratis.transport.InFlightWindow.Sent;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Claims;
import dev.lockstep.protocol.runtime.EventLoop;
import java.io.IOException;
import java.util.Comparator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.impl.CallerAppliedUpdater;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppenderBase;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one follower of one leader up to date, without a thread of its own: news of the log, answers and the passing of
 * time drive it, on whatever thread they come. The thread that holds the {@link Claims} works; the others leave, so that
 * none ever waits, also when Ratis calls with the server's monitor held.
 *
 * <p>Several appends are in flight at a time; links and lanes keep their order. A failure (a missing answer, a log that
 * does not match) starts a new round: sending goes on from what the follower is known to have, and what is still said
 * about earlier rounds can only tell what the follower has, not what to send next.
 *
 * <p>A follower learns of a commit with the next append, or by a heartbeat when there is none to send: also once the thread that
 * brought the answer has applied what was committed and proposed what had waited for that (at the end of its {@link Burst}).
 */
final class FollowerAppender extends LogAppenderBase {

    private static final Logger LOG = LoggerFactory.getLogger(FollowerAppender.class);
    /** A follower this far behind may need entries that have to be read from disk. */
    private static final long FAR_BEHIND = 1_024;

    private static final long CLOSELY_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int MAX_DOUBLINGS = 5;

    private final LinkServerRpc rpc;
    private final PeerChannel peer;
    private final @Nullable CallerAppliedUpdater updater;
    private final Claims claims = new Claims();
    private final Queue<Runnable> news = new ConcurrentLinkedQueue<>();
    private final AtomicLong callIds = new AtomicLong();
    private final Runnable tellCommit = () -> tell(this::commitIsDue);

    // The following belongs to the thread that holds the claims.

    private final InFlightWindow window = new InFlightWindow();
    private final SnapshotInstallation installation;
    private long commitTold = RaftLog.INVALID_LOG_INDEX;
    private boolean commitIsDue;
    private long lastAppendNanos;
    private long lastGapNanos = Long.MAX_VALUE;
    private long restsUntilNanos;
    private long pacedUntilNanos;
    private boolean isPaced;
    private int failures;
    private boolean lateSuccess;

    FollowerAppender(RaftServer.Division server, LeaderState leader, FollowerInfo follower, LinkServerRpc rpc) {
        super(server, leader, follower);
        this.rpc = rpc;
        this.peer = rpc.peer(follower.getId());
        this.updater = CallerAppliedUpdater.of(server);
        this.restsUntilNanos = rpc.time().nanos();
        this.lastAppendNanos = restsUntilNanos;
        this.installation =
                new SnapshotInstallation(peer, follower, loop(), rpc.patienceNanos(), this::tellWhileRunning);
    }

    /** Starts nothing: there is no daemon, which it would inherit. */
    @Override
    public void start() {
        rpc.heartbeats().add(this);
        notifyLogAppender();
    }

    /** The daemon's; it is never started. */
    @Override
    public void run() {
        throw new UnsupportedOperationException("An appender has no thread");
    }

    @Override
    public long getCallId() {
        return callIds.get();
    }

    @Override
    public Comparator<Long> getCallIdComparator() {
        return Comparator.naturalOrder();
    }

    /** Sends what has become due; called regularly. @return false when it has stopped for good */
    boolean tick() {
        boolean running = isRunning();
        if (running) {
            tell(this::tellLateSuccess);
        }
        return running;
    }

    @Override
    public void notifyLogAppender() {
        if (claims.raise()) {
            claims.work(this::stepOrHandOver);
        }
    }

    /** Takes a step here, unless it may have to wait for the disk: the loop then does, and goes on. */
    private boolean stepOrHandOver() {
        if (mayNeedTheDisk()) {
            loop().execute(() -> claims.work(this::step));
            return false;
        }
        return step();
    }

    private boolean mayNeedTheDisk() {
        try {
            return isFarBehind() && isRunning() && !isResting() && window.takesAppend();
        } catch (RuntimeException closed) {
            return false;
        }
    }

    private boolean isFarBehind() {
        return getRaftLog().getNextIndex() - getFollower().getNextIndex() > FAR_BEHIND;
    }

    private boolean step() {
        try {
            for (Runnable next = news.poll(); next != null; next = news.poll()) {
                next.run();
            }
            if (isRunning() && !installation.isInProgress()) {
                giveUpLate();
                send();
            }
        } catch (Throwable failure) { // or this thread would keep the claims for ever
            if (isRunning()) {
                LOG.warn("{} failed, and starts again", this, failure);
                beginAnew(getFollower().getMatchIndex() + 1);
            }
        }
        return true;
    }

    /** Hands an event to the thread that holds the claims. */
    private void tell(Runnable next) {
        news.add(next);
        notifyLogAppender();
    }

    private void tellWhileRunning(Runnable next) {
        tell(() -> {
            if (isRunning()) {
                next.run();
            }
        });
    }

    /** Returns the loop for work that may wait, for the disk or for the server's monitor. */
    private EventLoop loop() {
        return rpc.loop(getServer().getMemberId().getGroupId());
    }

    // Sending

    private void send() throws IOException {
        while (!isResting()) {
            TermIndex firstAvailable =
                    shouldSendAppendEntries() && !followsItsCheckpoint() ? shouldNotifyToInstallSnapshot() : null;
            AppendEntriesRequestProto request = null;
            if (firstAvailable != null) {
                install(firstAvailable);
                return;
            } else if (getHeartbeatWaitTimeMs() <= 0 && window.takesHeartbeat()) {
                request = newAppendEntriesRequest(callIds.incrementAndGet(), true);
                transmit(request, true);
            } else if (hasAppendEntries() && window.takesAppend() && !isPaced()) {
                request = newAppend();
                if (request != null) {
                    transmit(request, false);
                    pace(request);
                }
            } else if (hasCommitted() && window.takesHeartbeat()) {
                if (expectsAnAppend()) {
                    rpc.heartbeats().scheduleFlush();
                    return;
                }
                if (!commitIsDue) {
                    Burst.atEnd(tellCommit);
                    return;
                }
                request = newAppendEntriesRequest(callIds.incrementAndGet(), true);
                transmit(request, false);
            }
            if (request == null) {
                return;
            }
        }
    }

    /**
     * Makes the next append. The inherited method would keep what it had read before an entry could not be read, for ever.
     *
     * @return null when what comes before is not in the log any more
     */
    private @Nullable AppendEntriesRequestProto newAppend() throws IOException {
        long next = getFollower().getNextIndex();
        TermIndex previous = getPrevious(next);
        if (previous == null && next > RaftLog.LEAST_VALID_LOG_INDEX && !followsItsCheckpoint()) {
            return null;
        }
        return getLeaderState()
                .newAppendEntriesRequestProto(
                        getFollower(), AppendBatch.from(getRaftLog(), next), previous, callIds.incrementAndGet());
    }

    /**
     * Tells whether the next entry follows the checkpoint that the follower reported. No entry before it is needed
     * then, which no log may have any more. Ratis (3.3.0) would tell it to fetch a checkpoint, hear that it has
     * that, and so on for ever.
     */
    private boolean followsItsCheckpoint() {
        long next = getFollower().getNextIndex();
        return installation.endsBefore(next) && next >= getRaftLog().getStartIndex();
    }

    /**
     * Returns where this log begins if the follower needs a checkpoint; null if not. Ratis (3.3.0) has each new member install one
     * before anything else: also when there is none, because the log still has every entry.
     */
    @Override
    public @Nullable TermIndex shouldNotifyToInstallSnapshot() {
        if (getRaftLog().getStartIndex() == RaftLog.LEAST_VALID_LOG_INDEX) {
            getFollower().setAttemptedToInstallSnapshot();
        }
        return super.shouldNotifyToInstallSnapshot();
    }

    /** Has a follower that is far behind wait for its next entries, so that it catches up at no more than the rate of this node. */
    private void pace(AppendEntriesRequestProto request) {
        if (isFarBehind()) {
            long waitNanos = rpc.catchUp().pass(request.getSerializedSize());
            if (waitNanos > 0) {
                isPaced = true;
                pacedUntilNanos = rpc.time().nanos() + waitNanos;
                loop().schedule(waitNanos, this::notifyLogAppender);
            }
        }
    }

    private boolean isPaced() {
        isPaced = isPaced && pacedUntilNanos - rpc.time().nanos() > 0;
        return isPaced;
    }

    private boolean isResting() {
        return peer.isResting() || (failures > 0 && restsUntilNanos - rpc.time().nanos() > 0);
    }

    /** Tells whether everything is sent, and some of it was committed since. */
    private boolean hasCommitted() {
        return !hasAppendEntries()
                && Math.min(getRaftLog().getLastCommittedIndex(), getFollower().getNextIndex() - 1) > commitTold;
    }

    private void commitIsDue() {
        commitIsDue = true;
    }

    /**
     * Tells whether recent appends followed each other so closely that the next is worth waiting for: it tells of the
     * commit too, and spares both sides half of the messages.
     */
    private boolean expectsAnAppend() {
        return lastGapNanos < CLOSELY_NANOS
                && rpc.time().nanos() - lastAppendNanos < HeartbeatScheduler.FLUSH_DELAY_NANOS;
    }

    /** @param together whether it can wait for the heartbeats of other groups */
    private void transmit(AppendEntriesRequestProto made, boolean together) {
        // Commit positions and addresses of all members, which nobody asks a follower for, would be most of the bytes.
        AppendEntriesRequestProto request = made.toBuilder().clearCommitInfos().build();
        int entries = request.getEntriesCount();
        long now = rpc.time().nanos();
        Sent sent = window.add(request, now);
        if (entries > 0) {
            lastGapNanos = now - lastAppendNanos;
            lastAppendNanos = now;
            getFollower().increaseNextIndex(request.getEntries(entries - 1).getIndex() + 1);
        }
        commitTold = Math.max(commitTold, request.getLeaderCommit());
        commitIsDue = false;
        resetHeartbeatTrigger();
        getFollower().updateLastRpcSendTime(entries == 0);
        if (together) {
            peer.offer(request, reply -> tell(() -> take(sent, reply)));
        } else {
            peer.append(request, reply -> tell(() -> take(sent, reply)));
        }
    }

    // Answers

    private void take(Sent sent, @Nullable AppendEntriesReplyProto reply) {
        if (!isRunning()) {
            return;
        }
        window.ended(sent);
        if (reply == null) {
            if (window.isOfThisRound(sent)) {
                beginAnew(sent.isHeartbeat() ? getFollower().getNextIndex() : sent.first());
            }
            return;
        }
        getFollower().updateLastRpcResponseTime();
        getFollower().updateLastRespondedAppendEntriesSendTime(sent.at());
        if (reply.getResult() != AppendResult.NOT_LEADER) {
            learnCommit(reply.getFollowerCommit());
        }
        switch (reply.getResult()) {
            case SUCCESS -> {
                failures = 0;
                succeeded(sent, reply);
            }
            case NOT_LEADER -> loop().execute(() -> onFollowerTerm(reply.getTerm()));
            case INCONSISTENCY -> {
                if (window.isOfThisRound(sent)) {
                    refused(sent, reply);
                }
            }
            default -> LOG.warn("{} was refused by its follower: {}", this, reply.getResult());
        }
        getLeaderState().onAppendEntriesReply(this, reply);
    }

    /** A follower that asks for the very entry that it refuses is about to install a checkpoint. */
    private void refused(Sent sent, AppendEntriesReplyProto reply) {
        if (sent.first() == reply.getNextIndex()) {
            beginAnew(sent.first());
        } else {
            nextRound(getNextIndexForInconsistency(sent.first(), reply.getNextIndex()));
        }
    }

    /**
     * Advances the match index to what is committed here and there: the follower has that, though the answer to the append that
     * brought it was lost, and it would not be sent again.
     */
    private void learnCommit(long followerCommit) {
        // Not by way of the leader's state, which would look for clients that watch commits: there are none.
        getFollower().updateCommitIndex(followerCommit);
        long has = Math.min(followerCommit, getRaftLog().getLastCommittedIndex());
        if (getFollower().updateMatchIndex(has)) {
            getFollower().updateNextIndex(has + 1);
            lateSuccess = true;
        }
    }

    /**
     * Advances the match index by the answer to an append of entries, which waits for the follower's disk; what a heartbeat
     * finds in the follower's log may not be on its disk yet, and does not count.
     */
    private void succeeded(Sent sent, AppendEntriesReplyProto reply) {
        if (sent.isHeartbeat()) {
            return;
        }
        // It may have been told of a commit while the entry was on the way to its disk, and that does not count.
        commitTold = Math.min(commitTold, reply.getFollowerCommit());
        if (getFollower().updateMatchIndex(reply.getMatchIndex())) {
            getFollower().updateNextIndex(reply.getMatchIndex() + 1);
            if (reply.getMatchIndex() > getRaftLog().getLastCommittedIndex()
                    || getLeaderState().isFollowerBootstrapping(getFollower())) {
                if (updater == null || !updater.commit(getLeaderState(), getFollower())) {
                    getLeaderState().onFollowerSuccessAppendEntries(getFollower());
                }
            } else {
                lateSuccess = true;
            }
        }
    }

    /** Reports match-index advances that did not affect the commit index, so that a pending leadership transfer can make progress. */
    private void tellLateSuccess() {
        if (lateSuccess && isRunning()) {
            lateSuccess = false;
            getLeaderState().onFollowerSuccessAppendEntries(getFollower());
        }
    }

    private void giveUpLate() {
        Sent late = window.sentBefore(rpc.time().nanos() - rpc.patienceNanos());
        if (late != null) {
            beginAnew(late.first());
        }
    }

    /** Starts sending again, after a failure or a rest. */
    private void beginAnew(long next) {
        restsUntilNanos = rpc.time().nanos() + (SHORTEST_REST_NANOS << Math.min(failures, MAX_DOUBLINGS));
        failures++;
        installation.forget();
        nextRound(Math.max(next, getFollower().getMatchIndex() + 1));
    }

    private void nextRound(long next) {
        window.nextRound();
        commitTold = RaftLog.INVALID_LOG_INDEX;
        getFollower().setNextIndex(next);
    }

    // Checkpoints

    /** Has the follower install a checkpoint; nothing else is sent meanwhile. */
    private void install(TermIndex firstAvailable) {
        getFollower().updateLastRpcSendTime(false);
        long applied = getServer().getInfo().getLastAppliedIndex(); // before the request takes the configuration
        installation.begin(
                SnapshotInstallGate.sentAt(applied, newInstallSnapshotNotificationRequest(firstAvailable)),
                this::installed);
    }

    private void installed(@Nullable InstallSnapshotReplyProto reply) {
        if (reply == null) {
            beginAnew(getFollower().getNextIndex());
            return;
        }
        switch (reply.getResult()) {
            case SNAPSHOT_INSTALLED, ALREADY_INSTALLED -> nextRound(reply.getSnapshotIndex() + 1);
            case NOT_LEADER -> loop().execute(() -> onFollowerTerm(reply.getTerm()));
            default -> beginAnew(getFollower().getNextIndex());
        }
    }
}
