package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.files.DurableWatermark;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.files.LogTailRepair;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles.RecoveryMarker;
import dev.lockstep.cluster.consensus.ratis.graft.RatisGraft;
import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import dev.lockstep.cluster.consensus.ratis.transport.ElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.consensus.ratis.transport.ReplicaTransport;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import dev.lockstep.cluster.consensus.recovery.ReplicaState;
import dev.lockstep.cluster.files.SmallFile;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.topology.ShardMap;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorageMetadata;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a Raft group on a node's Ratis server: opens it as {@link ReplicaRecovery} decides, and removes it when it
 * fails. Thread-safe; it is opened on one loop, and the others are asked on another, never at the same time.
 */
final class RatisReplica<E, R> implements ElectionGate {

    private static final Logger LOG = LoggerFactory.getLogger(RatisReplica.class);
    /** The time for which a disk that was slow is not trusted. */
    private static final long SLOW_FOR_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** The time that a node takes to learn that a group was moved away from it. */
    private static final long UNTIL_ERASED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Context context;
    private final LogMachine<E, R> machine;
    private final int group;
    private final RaftGroup raftGroup;
    private final String name;
    private final RaftLogFiles files;
    private final ReplicaCheckpoints checkpoints;
    private final GroupAdmin requests;
    private final ReplicaRecovery recovery;
    private final RatisLog<E, R> log;
    private volatile @Nullable RatisStateMachine applying;
    private volatile RaftServer.@Nullable Division division;
    /** The last change of voters that it began as the leader. */
    private volatile CompletableFuture<Void> voterChange = CompletableFuture.completedFuture(null);
    /** The time when it last stepped down for another; on the loop. */
    private long electedNanos;
    /** The one that was last asked to take over, since this one's disk is slow; on the loop. */
    private @Nullable RaftPeerId asked;

    private volatile boolean isErased;
    private volatile boolean slow;
    private volatile long slowNanos;

    /**
     * The parts of its node that a replica uses.
     *
     * @param members of the cluster, at present
     * @param loop sends questions to the others, and takes their answers; waits for nothing
     * @param opening reads replicas from the disk, and does whatever else may wait for it
     * @param diskFailed told, on any thread, when the logs can't be written any more; must not block
     * @param graft puts the logs into Ratis; null to leave Ratis its own
     */
    record Context(
            RatisSettings settings,
            RaftServer server,
            ReplicaTransport transport,
            ClientId client,
            LeaderContacts contacts,
            Supplier<List<Member>> members,
            EventLoop loop,
            EventLoop opening,
            EventLoop checkpointing,
            ReplicaCheckpoints.Context checkpoints,
            Consumer<IOException> diskFailed,
            @Nullable RatisGraft graft) {}

    RatisReplica(Context context, int group, List<NodeId> replicas, LogMachine<E, R> machine) {
        this.context = context;
        this.machine = machine;
        this.group = group;
        RatisSettings settings = context.settings();
        RaftGroupId id = RatisNames.groupId(settings.cluster(), group);
        this.raftGroup = RatisNames.group(id, replicas, context.members().get());
        this.name = "group " + group + " on " + settings.self().id();
        this.files = new RaftLogFiles(settings.folder(), id.getUuid().toString(), label(group));
        this.checkpoints = new ReplicaCheckpoints(name, group, label(group), machine, context.checkpoints());
        this.requests = new GroupAdmin(context.server(), context.client(), raftGroup, name);
        this.recovery = new ReplicaRecovery(name, raftGroup, context, files, checkpoints, new Opening());
        this.electedNanos = context.checkpoints().time().nanos()
                - settings.electionTimeout().toNanos();
        this.log = new RatisLog<>(
                machine,
                replicas,
                context.contacts().of(id),
                settings.maxEntryBytes(),
                context.opening(),
                new LogOwner());
    }

    /** The label of a group in the names of files. */
    static String label(int group) {
        return group == ShardMap.CONTROL_GROUP ? "control" : "shard-" + group;
    }

    RaftGroupId id() {
        return raftGroup.getGroupId();
    }

    RatisLog<E, R> log() {
        return log;
    }

    /** The state machine that applies its entries, if it is open or being opened. */
    @Nullable
    RatisStateMachine applying() {
        return applying;
    }

    /** Its checkpoints for other replicas while it is open and applies entries; null otherwise. */
    @Nullable
    ReplicaCheckpoints checkpoints() {
        RatisStateMachine of = applying;
        return isOpen() && of != null && !of.isStopped() ? checkpoints : null;
    }

    @Override
    public boolean isOpen() {
        return division != null;
    }

    @Override
    public boolean mayVote() {
        return recovery.state().mayVote();
    }

    @Override
    public boolean mayCampaign() {
        return recovery.state() instanceof ReplicaState.Intact;
    }

    /**
     * Ratis writes a vote to a file, syncs that and renames it, but not the folder: after a power cut the vote before could be there
     * again, and the node vote twice in a term.
     */
    @Override
    public void syncVote() throws IOException {
        if (context.settings().durability() == Durability.DISK) {
            SmallFile.syncNames(files.current());
        }
    }

    ReplicaRecovery recovery() {
        return recovery;
    }

    // Opening

    /** Opens it soon, or begins to ask the others. */
    void open() {
        recovery.start();
    }

    private final class Opening implements ReplicaRecovery.Replica {

        @Override
        public void open(DurableWatermark watermark) throws IOException {
            RatisStateMachine attempt = new RatisStateMachine(
                    name,
                    machine,
                    checkpoints,
                    RatisReplica.this::remove,
                    context.diskFailed(),
                    RatisReplica.this::closedByRatis,
                    context.graft());
            applying = attempt;
            try {
                LogTailRepair.cutOff(LogDisk.SYSTEM, files.current());
                RaftServer.Division open = requests.open(context.settings().folder());
                requireComplete(open.getRaftLog(), attempt, watermark);
                division = open;
                log.opened(open, attempt);
            } catch (IOException failure) {
                attempt.stop(failure);
                applying = null;
                throw failure;
            }
        }

        @Override
        public boolean isRunning() {
            RatisStateMachine of = applying;
            return division != null && of != null && !of.isStopped();
        }

        @Override
        public long syncedTerm() {
            RaftServer.Division open = division;
            if (open == null) {
                return 0;
            }
            RaftLog raftLog = open.getRaftLog();
            TermIndex entry = raftLog.getTermIndex(raftLog.getFlushIndex());
            CheckpointId checkpoint = checkpoints.taking().newest();
            return Math.max(entry == null ? 0 : entry.getTerm(), checkpoint == null ? 0 : checkpoint.term());
        }
    }

    /** Ratis would wait for missing entries for ever, and take what is left of a log for all of it. */
    private void requireComplete(RaftLog raftLog, RatisStateMachine opened, DurableWatermark watermark)
            throws IOException {
        long from = raftLog.getStartIndex();
        long to = Math.max(raftLog.getNextIndex() - 1, opened.startedFrom());
        String damage = null;
        if (from > opened.startedFrom() + 1) {
            damage = "the log begins at position " + from + ", but there is no checkpoint up to there: the newest in "
                    + checkpoints.folder() + " ends at " + opened.startedFrom();
        } else if (to < watermark.position()) {
            damage = "the log is truncated: it ends at position " + to + ", but was known to be committed up to "
                    + watermark.position();
        }
        if (damage != null) {
            opened.stop(new IOException(damage)); // or its end would count as one by itself
            requests.close();
            throw new CorruptStateException(damage);
        }
    }

    // Questions about it

    /** See {@link Consensus#replicas}. */
    ReplicaStatus status() {
        ReplicaState now = recovery.state();
        RaftServer.Division open = division;
        RatisStateMachine of = applying;
        if (open == null || of == null) {
            return new ReplicaStatus(group, status(now), now.term(), checkpoints.reached(), false, recovery.waitsFor());
        }
        return new ReplicaStatus(
                group,
                of.isStopped() ? State.STOPPED : status(now),
                open.getInfo().getCurrentTerm(),
                of.applied(),
                !of.isStopped() && open.getInfo().isLeader(),
                note(of));
    }

    private String note(RatisStateMachine of) {
        if (of.isClosedByRatis()) {
            return ReplicaStatus.CLOSED;
        }
        return isSlow() ? ReplicaStatus.SLOW_DISK : checkpoints.progress();
    }

    private static State status(ReplicaState state) {
        return switch (state.integrity()) {
            case NEW -> State.NEW;
            case LOST -> State.LOST;
            case TRUNCATED -> State.TRUNCATED;
            case CATCHING_UP -> State.CATCHING_UP;
            case INTACT -> State.INTACT;
        };
    }

    @Override
    public @Nullable RejoinState answerRejoin(RaftPeerId from, RejoinState asking) {
        if (asking.integrity() == ReplicaIntegrity.NEW) {
            recovery.seenNew(new NodeId(from.toString()));
        }
        ReplicaState now = recovery.state();
        RaftServer.Division open = division;
        RatisStateMachine of = applying;
        if (open != null && of != null && !of.isStopped()) {
            if (open.getInfo().isLeader() && asking.term() > open.getInfo().getCurrentTerm()) {
                context.loop().execute(() -> stepDownFor(open, from));
            }
            return new RejoinState(now.integrity(), open.getInfo().getCurrentTerm());
        }
        return now.isWaiting() ? now.rejoinState() : null;
    }

    /**
     * Steps down as the leader of a term that {@code returning}, which does not vote, is about to leave behind: another is
     * elected in a higher one.
     */
    private void stepDownFor(RaftServer.Division open, RaftPeerId returning) {
        long now = context.checkpoints().time().nanos();
        if (open.getInfo().isLeader()
                && now - electedNanos > context.settings().electionTimeout().toNanos() / 2) {
            electedNanos = now;
            RaftPeerId successor = context.transport().furthestFollower(id(), returning);
            Set<NodeId> voters = RatisNames.allVoters(open.getRaftConf());
            if (!voterChange.isDone() && !voters.contains(RatisNames.node(returning))) {
                // Ratis transfers no leadership while voters are changed, and this change waits for the one that is to
                // rejoin.
                LOG.info(
                        "The replica of {} steps down and gives up a change of its voters, so that {} can rejoin",
                        name,
                        returning);
                transfer(null);
            } else if (successor != null) {
                LOG.info(
                        "The replica of {} steps down and transfers leadership to {}, so that {} can rejoin",
                        name,
                        successor,
                        returning);
                transfer(RatisNames.node(successor));
            } else if (voters.size() == 1) {
                LOG.info(
                        "The replica of {} steps down and leads in a later term, so that {} can rejoin",
                        name,
                        returning);
                transfer(null);
            }
        }
    }

    /**
     * Transfers leadership; meanwhile writes are refused. A transfer that has not come about after half an election
     * time-out is given up.
     */
    private void transfer(@Nullable NodeId successor) {
        context.opening() // for the server's monitor, with which Ratis writes its votes
                .execute(() -> requests.transfer(
                        successor, context.settings().electionTimeout().dividedBy(2)));
    }

    // A slow disk

    /**
     * Has another replica elected if this one leads, and its disk has kept an append waiting for longer than an election time-out:
     * nothing is committed without it. Called regularly, on the loop; never waits.
     */
    void watchDisk() {
        RaftServer.Division open = division;
        if (open == null || !(open.getRaftLog() instanceof DirectRaftLog log)) {
            return;
        }
        long now = context.checkpoints().time().nanos();
        long patience = context.settings().electionTimeout().toNanos();
        long waited = log.unflushedNanos();
        if (waited <= patience) {
            return;
        }
        slowNanos = now;
        slow = true;
        if (open.getInfo().isLeader() && now - electedNanos > patience) {
            electedNanos = now;
            asked = context.transport().electAnother(open, asked);
            LOG.warn(
                    "The disk of {} has not taken an append for {} ms: {}",
                    name,
                    TimeUnit.NANOSECONDS.toMillis(waited),
                    asked == null
                            ? "no other replica has more of its log"
                            : asked + " is asked to take its leadership over");
        }
    }

    /** Tells whether its disk has been slow lately: it should not lead. */
    private boolean isSlow() {
        return slow && context.checkpoints().time().nanos() - slowNanos < SLOW_FOR_NANOS;
    }

    // Closing

    private final class LogOwner implements RatisLog.Replica {

        @Override
        public void transferLeadership(@Nullable NodeId successor) {
            transfer(successor);
        }

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            List<Member> members = context.members().get();
            CompletableFuture<Void> change =
                    requests.changeVoters(RatisNames.group(id(), from, members), RatisNames.group(id(), to, members));
            voterChange = change;
            return change;
        }

        @Override
        public void loseState(String cause) {
            RatisStateMachine of = applying;
            if (of != null && of.giveUp(new IOException(cause))) {
                context.opening().execute(() -> {
                    try {
                        files.write(RecoveryMarker.lost(true, cause));
                    } catch (IOException failure) {
                        context.diskFailed().accept(failure);
                    }
                    remove();
                });
            }
        }

        @Override
        public void remove() {
            RatisReplica.this.remove();
        }
    }

    /**
     * Takes it out of the server once it has stopped; its files stay. On a thread of its own, because Ratis waits for the threads of
     * the replica, of which the caller may be one.
     */
    private void remove() {
        context.opening().execute(() -> {
            try {
                requests.remove()
                        .whenComplete(
                                (reply, failure) -> context.checkpointing().execute(this::takeLastCheckpoint));
            } catch (RuntimeException failure) {
                LOG.warn("The replica of {} could not be removed from its Raft group", name, failure);
            }
        });
    }

    /**
     * Ratis has closed it. If it is a voter no more, it is about to be erased, as soon as this node knows the layout by which it was
     * moved; otherwise its log has failed.
     */
    private void closedByRatis(IOException closed) {
        context.loop().schedule(UNTIL_ERASED_NANOS, () -> {
            if (!isErased) {
                context.diskFailed().accept(closed);
            }
        });
    }

    /**
     * Closes it, and deletes all that it has kept.
     *
     * @param watermarks where watermarks are written, after which none may be
     */
    CompletableFuture<Void> erase(EventLoop watermarks) {
        isErased = true;
        stop(new IOException("The group is hosted by other nodes now"));
        CompletableFuture<Void> erased = new CompletableFuture<>();
        context.opening().execute(() -> {
            division = null;
            try {
                requests.erase();
                // Whatever was being written there has been once these have had their turn.
                watermarks.execute(() -> context.checkpointing().execute(() -> deleteFiles(erased)));
            } catch (IOException | RuntimeException failure) {
                erased.completeExceptionally(failure);
            }
        });
        return erased;
    }

    private void deleteFiles(CompletableFuture<Void> deleted) {
        try {
            files.delete();
            checkpoints.delete();
            deleted.complete(null);
        } catch (IOException | RuntimeException failure) {
            deleted.completeExceptionally(failure);
        }
    }

    /** Hands nothing more to the machine. */
    void stop(Throwable cause) {
        recovery.close();
        RatisStateMachine of = applying;
        if (of != null) {
            of.stop(cause);
        }
    }

    /** Takes a last checkpoint, so that a start has nothing to replay. Once nothing is applied any more. */
    void takeLastCheckpoint() {
        RatisStateMachine of = applying;
        if (of != null && division != null) {
            of.takeLastCheckpoint();
        }
    }

    /** Advances the watermark to the end of the log that no leader can truncate any more, and to the vote; by one thread at a time. */
    void advanceWatermark() {
        RaftServer.Division open = division;
        if (open != null) {
            RaftLog raftLog = open.getRaftLog();
            try {
                // Ratis keeps what it has written to the file, so the file need not be looked at.
                RaftStorageMetadata vote =
                        open.getRaftStorage().getMetadataFile().getMetadata();
                files.advanceWatermark(
                        Math.min(raftLog.getFlushIndex(), raftLog.getLastCommittedIndex()),
                        vote.getTerm(),
                        vote.getVotedFor().toString());
            } catch (IOException failure) {
                context.diskFailed().accept(failure);
            }
        }
    }
}
