package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.files.LogTailRepair;
import dev.lockstep.cluster.consensus.ratis.graft.RatisGraft;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.files.DiskMonitor;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.impl.ClosedReplica;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state machine that Ratis calls: hands committed entries to the {@link LogMachine} until one fails or the replica is stopped, and keeps
 * the proposals that wait for an answer. Thread-safe; entries are applied by one thread at a time.
 *
 * <p>A failure never reaches Ratis. Its updater, told of one while it is being closed, spins for ever.
 */
final class RatisStateMachine extends BaseStateMachine {

    private static final Logger LOG = LoggerFactory.getLogger(RatisStateMachine.class);
    private static final int QUICK_BYTES = 16 << 10;
    private static final CompletableFuture<Message> DONE = CompletableFuture.completedFuture(Message.EMPTY);

    private final String name;
    private final LogMachine<?, ?> machine;
    private final ReplicaCheckpoints checkpoints;
    private final Runnable failed;
    private final Consumer<IOException> logFailed;
    private final Consumer<IOException> closedByRatis;
    private final @Nullable RatisGraft graft;
    private final boolean inMemory;
    private final Set<Proposal<?, ?>> waiting = ConcurrentHashMap.newKeySet();
    private volatile long applied;
    private volatile long appliedTerm;
    private volatile long startedFrom = RaftLog.INVALID_LOG_INDEX;
    private long reported;
    private volatile boolean stopped;
    private volatile boolean isClosedByRatis;
    private volatile boolean sound = true;
    private volatile RaftServer.@Nullable Division division;

    /**
     * @param failed told once, on any thread, when this replica must be taken out of its group
     * @param logFailed told, on any thread, when its log can't be written any more; must not block
     * @param closedByRatis told, on any thread, when Ratis has closed the replica by itself; must not block
     * @param graft puts the replica's log into Ratis; null to leave Ratis its own
     */
    RatisStateMachine(
            String name,
            LogMachine<?, ?> machine,
            ReplicaCheckpoints checkpoints,
            Runnable failed,
            Consumer<IOException> logFailed,
            Consumer<IOException> closedByRatis,
            @Nullable RatisGraft graft) {
        this.name = name;
        this.machine = machine;
        this.inMemory = machine.durable() == null;
        this.checkpoints = checkpoints;
        this.failed = failed;
        this.logFailed = logFailed;
        this.closedByRatis = closedByRatis;
        this.graft = graft;
    }

    /** The position of the last entry that the machine has applied. */
    long applied() {
        return applied;
    }

    /** The position that it was opened at, by a checkpoint or what the machine has kept; -1 for none. */
    long startedFrom() {
        return startedFrom;
    }

    boolean isStopped() {
        return stopped;
    }

    /** Tells whether Ratis has closed it by itself, without a failure that is known. */
    boolean isClosedByRatis() {
        return isClosedByRatis;
    }

    /** Hands no further entry to the machine, and fails what waits. Idempotent. */
    void stop(Throwable cause) {
        stopped = true;
        waiting.forEach(proposal -> settle(proposal, cause, null));
        machine.leadershipChanged();
    }

    /**
     * Stops for good, since the state of the machine can't be relied on.
     *
     * @return false if it had stopped before
     */
    boolean giveUp(Throwable cause) {
        sound = false;
        if (stopped) {
            return false;
        }
        stop(cause);
        return true;
    }

    private void fail(Throwable cause) {
        sound = false;
        if (!stopped) {
            LOG.error("The replica of {} stops at position {}", name, applied, cause);
            stop(cause);
            failed.run();
        }
    }

    // Proposals

    /** Registers a proposal, which is settled in any case. */
    void await(Proposal<?, ?> proposal) {
        waiting.add(proposal);
        if (stopped) {
            settle(proposal, null, null);
        }
    }

    /** Ends a proposal that has had no answer from the machine; of no effect on one that has. */
    void settle(Proposal<?, ?> proposal, @Nullable Throwable cause, @Nullable RaftPeerId leader) {
        waiting.remove(proposal);
        if (proposal.answer().isDone()) {
            return;
        }
        String why = name + ": " + (cause == null ? "the replica has stopped" : cause.getMessage());
        proposal.answer()
                .completeExceptionally(
                        proposal.isAppended()
                                ? new UnknownOutcomeException(why, cause)
                                : new NotLeaderException(
                                        why, RatisNames.node(leader), cause instanceof LeaderSteppingDownException));
    }

    @Override
    public TransactionContext startTransaction(RaftClientRequest request) {
        return TransactionContext.newBuilder()
                .setStateMachine(this)
                .setClientRequest(request)
                .setStateMachineContext(request.getMessage())
                .build();
    }

    @Override
    public TransactionContext preAppendTransaction(TransactionContext transaction) {
        if (transaction.getStateMachineContext() instanceof Proposal<?, ?> proposal) {
            proposal.appended();
        }
        return transaction;
    }

    // The log

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        if (!stopped) {
            apply(entry, transaction.getStateMachineContext());
        }
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        return DONE;
    }

    /** Tells whether an entry can be applied at once by a thread that has other things to do: without the disk, and in a short time. */
    private boolean isQuick(LogEntryProto entry) {
        ByteString bytes = entry.getStateMachineLogEntry().getLogData();
        return entry.hasStateMachineLogEntry()
                && bytes.size() <= QUICK_BYTES
                && inMemory
                && !machine.takesLong(bytes.asReadOnlyByteBuffer());
    }

    private void apply(LogEntryProto entry, @Nullable Object context) {
        @Nullable Runnable answer = null;
        try {
            checkpoints.taking().applying(entry.getTerm());
            if (context instanceof Proposal<?, ?> proposal) {
                // Ratis keeps contexts by term and index, so the bytes of this entry are the proposal's.
                answer = proposal.apply(entry.getIndex());
            } else {
                machine.replay(
                        entry.getIndex(),
                        entry.getStateMachineLogEntry().getLogData().toByteArray());
            }
        } catch (Throwable fatal) {
            fail(fatal);
            return;
        }
        applied = entry.getIndex();
        appliedTerm = entry.getTerm();
        checkpoints.taking().applied(entry.getTerm(), entry.getIndex());
        if (answer != null) {
            waiting.remove(context);
            answer.run();
        }
    }

    /** By {@code entry} at the latest; null when it was not about one. */
    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        if (!stopped) {
            String at = entry == null ? "" : " at position " + entry.getIndex();
            fail(cause);
            logFailed.accept(new IOException("the log of " + name + at + ": " + DiskMonitor.reason(cause), cause));
        }
    }

    /**
     * Ratis has stopped applying; also when it closes a replica by itself. It does that when its log is not as it
     * should be after a failure that it reported nowhere, such as that of a truncation, and when others tell the replica
     * that it is a voter of its group no more.
     */
    @Override
    public void close() {
        if (!stopped) {
            LOG.warn("The replica of {} was closed by Ratis at position {}", name, applied);
            IOException closed = new IOException("Ratis closed the replica of " + name + " by itself");
            isClosedByRatis = true;
            stop(closed);
            closedByRatis.accept(closed);
        }
    }

    @Override
    public void notifyGroupRemove() {
        endRole();
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean wholeServer) {
        if (wholeServer) {
            endRole();
        }
    }

    private void endRole() {
        RaftServer.Division closed = division;
        if (closed != null) {
            ClosedReplica.endRole(closed);
        }
    }

    // Checkpoints, which Ratis calls snapshots

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage storage) throws IOException {
        getLifeCycle().transition(LifeCycle.State.STARTING);
        super.initialize(server, group, storage);
        division = server.getDivision(group);
        checkpoints.open();
        CheckpointId restored = checkpoints.taking().restore();
        if (restored != null) {
            isAt(restored);
            startedFrom = restored.position();
            LogTailRepair.forgetIfBehind(
                    LogDisk.SYSTEM, storage.getStorageDir().getCurrentDir().toPath(), restored.position());
        }
        if (graft != null) {
            graft.install(division, this::isQuick);
        }
        getLifeCycle().transition(LifeCycle.State.RUNNING);
    }

    private void isAt(CheckpointId id) {
        applied = id.position();
        appliedTerm = id.term();
        setLastAppliedTermIndex(TermIndex.valueOf(id.term(), id.position()));
    }

    ReplicaCheckpoints checkpoints() {
        return checkpoints;
    }

    /** Says which one is on the disk; Ratis asks after every batch of entries. A new one is begun by what is applied. */
    @Override
    public long takeSnapshot() {
        CheckpointId newest = checkpoints.taking().newest();
        if (newest == null || newest.position() <= reported) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        reported = newest.position();
        return reported;
    }

    /** Answers from memory: Ratis asks with each append. */
    @Override
    public @Nullable SnapshotInfo getLatestSnapshot() {
        return checkpoints.latest();
    }

    /** The log does not reach back to what this replica has: the leader's checkpoint is fetched. */
    @Override
    public CompletableFuture<@Nullable TermIndex> notifyInstallSnapshotFromLeader(
            RoleInfoProto role, TermIndex firstTermIndexInLog) {
        RaftPeerId leader = RaftPeerId.valueOf(
                role.getFollowerInfo().getLeaderInfo().getId().getId());
        LOG.info(
                "The replica of {} is at position {}, the log of {} begins at {}: it fetches a checkpoint",
                name,
                applied,
                leader,
                firstTermIndexInLog.getIndex());
        return checkpoints.fetch(getGroupId(), leader, firstTermIndexInLog, logEnd());
    }

    /** Ratis has learnt that there is no checkpoint to install: it was abandoned. */
    @Override
    public void notifySnapshotInstalled(InstallSnapshotResult result, long installIndex, RaftPeer peer) {
        if (result == InstallSnapshotResult.SNAPSHOT_UNAVAILABLE) {
            LOG.info("The replica of {} gives up the checkpoint that it fetched: its leader sends what it needs", name);
            checkpoints.abandoned();
        }
    }

    /** Takes a last checkpoint, so that a start has nothing to replay. Once nothing is applied any more. */
    void takeLastCheckpoint() {
        if (sound && applied > 0) {
            checkpoints.taking().last(appliedTerm, applied);
        }
    }

    private long logEnd() {
        try {
            return getServer().join().getDivision(getGroupId()).getRaftLog().getNextIndex() - 1;
        } catch (IOException closed) {
            return RaftLog.INVALID_LOG_INDEX;
        }
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** Continues from the checkpoint that was installed, on the thread that applies, after {@link #pause}. */
    @Override
    public void reinitialize() throws IOException {
        getLifeCycle().transition(LifeCycle.State.STARTING);
        isAt(checkpoints.install());
        getLifeCycle().transition(LifeCycle.State.RUNNING);
        LOG.info(
                "Snapshot installed: the replica of {} resumes from a fetched checkpoint at position {}",
                name,
                applied);
    }

    // Leadership

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        machine.leadershipChanged();
    }

    @Override
    public void notifyLeaderReady() {
        machine.leadershipChanged();
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        machine.leadershipChanged();
    }

    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto configuration) {
        machine.leadershipChanged();
    }
}
