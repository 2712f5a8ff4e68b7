package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.files.CorruptionClassifier;
import dev.lockstep.cluster.consensus.ratis.files.DurableWatermark;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles.RecoveryMarker;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.cluster.consensus.recovery.RejoinRounds;
import dev.lockstep.cluster.consensus.recovery.ReplicaIntegrity;
import dev.lockstep.cluster.consensus.recovery.ReplicaState;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a replica from its files to being open: at once if it has lost nothing, and otherwise once the others let it rejoin
 * ({@link RejoinRounds}); it alone changes the {@link ReplicaState}. Files are read on the opening loop and the others are
 * asked on the node's loop, never at the same time; what others read is volatile.
 */
final class ReplicaRecovery {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaRecovery.class);
    /** The highest term to rejoin in, so that terms can rise for ever after it. */
    private static final long MAX_TERM = Long.MAX_VALUE / 2;

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final String name;
    private final RaftGroup group;
    private final RatisReplica.Context context;
    private final RaftLogFiles files;
    private final ReplicaCheckpoints checkpoints;
    private final Replica replica;
    private final RejoinRounds rounds;
    private volatile ReplicaState state = new ReplicaState.Unread();
    private volatile boolean closed;
    /** Read before the replica is opened; {@link DurableWatermark#NONE} once its files are quarantined. */
    private DurableWatermark watermark = DurableWatermark.NONE;

    /** The replica that is recovered. */
    interface Replica {

        /**
         * Opens the replica on its Ratis server, and waits for that.
         *
         * @throws IOException when its files are corrupt or behind the watermark, or the disk can't be used
         */
        void open(DurableWatermark watermark) throws IOException;

        /** Tells whether it is open and applies entries. */
        boolean isRunning();

        /** The highest term of what is on its disk: entries of it came from a leader that had all that was committed before. */
        long syncedTerm();
    }

    ReplicaRecovery(
            String name,
            RaftGroup group,
            RatisReplica.Context context,
            RaftLogFiles files,
            ReplicaCheckpoints checkpoints,
            Replica replica) {
        this.name = name;
        this.group = group;
        this.context = context;
        this.files = files;
        this.checkpoints = checkpoints;
        this.replica = replica;
        List<NodeId> others = group.getPeers().stream()
                .map(peer -> new NodeId(peer.getId().toString()))
                .filter(node -> !node.equals(context.settings().self().id()))
                .toList();
        this.rounds = new RejoinRounds(
                name,
                others,
                context.loop(),
                context.checkpoints().time(),
                2 * context.settings().electionTimeout().toNanos());
    }

    ReplicaState state() {
        return state;
    }

    /** The reason why the replica is not open, for operators. */
    String waitsFor() {
        return state.isWaiting() ? rounds.waitsFor() : ReplicaStatus.OPENING;
    }

    /** A replica of another node has said that it is new. */
    void seenNew(NodeId node) {
        context.loop().execute(() -> rounds.seenNew(node));
    }

    /** Opens the replica soon, or begins to ask the others. */
    void start() {
        onOpeningLoop(() -> {
            read();
            if (state.isWaiting()) {
                context.loop().execute(this::ask);
            } else {
                open();
            }
        });
    }

    void close() {
        closed = true;
    }

    // Reading the files; on the opening loop

    /** A step that may block on the disk. */
    private interface Step {
        void take() throws IOException;
    }

    private void onOpeningLoop(Step step) {
        context.opening().execute(() -> {
            try {
                if (!closed) {
                    step.take();
                }
            } catch (IOException | RuntimeException failure) {
                if (!closed) {
                    failedToOpen(failure);
                }
            }
        });
    }

    private void failedToOpen(Exception failure) {
        LOG.error("The replica of {} could not be opened", name, failure);
        context.diskFailed()
                .accept(
                        failure instanceof IOException disk
                                ? disk
                                : new IOException(
                                        "The replica of " + name + " could not be opened: " + failure, failure));
    }

    /** Finds out what the replica has lost. */
    private void read() throws IOException {
        RecoveryMarker marker = files.recoveryMarker();
        try {
            watermark = files.watermark();
        } catch (CorruptStateException corrupt) {
            marker = marker != null && marker.integrity() == ReplicaIntegrity.LOST
                    ? marker
                    : RecoveryMarker.lost(false, String.valueOf(corrupt.getMessage()));
        }
        if (marker == null) {
            marker = inspect();
        }
        if (marker != null) {
            resume(marker);
        } else {
            state = files.exist() || isStaged() ? new ReplicaState.Intact() : new ReplicaState.New();
        }
    }

    /** Finds what is missing before Ratis reads the files; null if nothing is, or the replica has never taken part. */
    private @Nullable RecoveryMarker inspect() throws IOException {
        if (!files.exist() && !files.haveLog()) {
            return context.settings().formed() && !isStaged() ? RecoveryMarker.lost(false, "its log is missing") : null;
        }
        try {
            files.checkVote(candidates(), context.server().getId(), watermark);
            return null;
        } catch (CorruptStateException corrupt) {
            RecoveryMarker marker = new RecoveryMarker(
                    ReplicaIntegrity.TRUNCATED, 0, false, false, String.valueOf(corrupt.getMessage()));
            files.write(marker);
            LOG.error(
                    "The replica of {} has lost its vote: {}. It keeps its log, and votes again once it has rejoined",
                    name,
                    marker.cause());
            return marker;
        }
    }

    /** Tells whether it begins as no voter: it has promised nothing, and the group's leader makes it one once it has caught up. */
    private boolean isStaged() {
        return group.getPeer(context.server().getId()) == null;
    }

    /** The nodes for which it may have voted: the group's members may have changed since it was given them. */
    private List<RaftPeerId> candidates() {
        return Stream.concat(
                        group.getPeers().stream().map(RaftPeer::getId),
                        context.members().get().stream().map(member -> RatisNames.id(member.id())))
                .distinct()
                .toList();
    }

    private void resume(RecoveryMarker marker) throws IOException {
        if (marker.integrity() == ReplicaIntegrity.LOST) {
            lose(marker, null);
            return;
        }
        try {
            files.checkVote(candidates(), context.server().getId(), watermark);
        } catch (CorruptStateException corrupt) {
            files.forgetVote(context.server().getId());
        }
        if (marker.integrity() == ReplicaIntegrity.CATCHING_UP) {
            files.beginIn(marker.floor() + 1);
            state = new ReplicaState.CatchingUp(marker.floor(), marker.votes());
        } else {
            state = new ReplicaState.Truncated(Math.max(files.term(), watermark.term()));
        }
    }

    /** Opens the replica; if what it has is corrupt, that is quarantined, and the others are asked. */
    private void open() throws IOException {
        try {
            replica.open(watermark);
        } catch (IOException failure) {
            String corruption = CorruptionClassifier.of(failure);
            if (corruption == null) {
                throw failure;
            }
            lose(RecoveryMarker.lost(CorruptionClassifier.isOfCheckpoints(failure), corruption), failure);
            context.loop().execute(this::ask);
            return;
        }
        if (state instanceof ReplicaState.CatchingUp) {
            context.loop().execute(this::watchCatchingUp);
        }
    }

    /** Quarantines what the replica has, and has it count as lost until it has rejoined. */
    private void lose(RecoveryMarker marker, @Nullable Throwable failure) throws IOException {
        files.write(marker);
        watermark = DurableWatermark.NONE;
        context.loop().execute(rounds::discardAnswers);
        state = new ReplicaState.Lost();
        Path log = files.quarantine();
        Path checkpointsAside = marker.dropsState() ? checkpoints.forget() : null;
        List<Path> moved =
                Stream.of(log, checkpointsAside).filter(Objects::nonNull).toList();
        LOG.error(
                "The replica of {} has lost its state: {}. {}It recovers from the other replicas",
                name,
                marker.cause(),
                moved.isEmpty() ? "" : "What is left was moved to " + moved + ". ",
                failure);
    }

    // Rejoining; on the node's loop

    private void ask() {
        if (closed || !state.isWaiting()) {
            return;
        }
        context.transport().addRaftPeers(group.getPeers());
        Decision decision = rounds.ask(
                (other, own, answer) ->
                        context.transport().askForRejoinState(RatisNames.id(other), group.getGroupId(), own, answer),
                state.rejoinState());
        if (decision instanceof Decision.Begin begin) {
            begin(begin, begin.votes());
        } else if (decision instanceof Decision.FindLost) {
            try {
                lose(RecoveryMarker.lost(false, "it was started with an empty folder, but the others know it"), null);
            } catch (IOException failure) {
                context.diskFailed().accept(failure);
            }
        }
        if (state.isWaiting()) {
            context.loop().schedule(ASK_NANOS, this::ask);
        }
    }

    /** @param mayVote at once, even if it can't be elected at once */
    private void begin(Decision.Begin begin, boolean mayVote) {
        try {
            if (!(state instanceof ReplicaState.New)) {
                LOG.info(
                        "The replica of {} rejoins in term {}{}",
                        name,
                        begin.term(),
                        begin.votes() ? "" : "; voting is disabled until it has caught up");
                if (!begin.votes()) {
                    RecoveryMarker before = files.recoveryMarker();
                    String cause = before == null ? "" : before.cause();
                    files.write(
                            new RecoveryMarker(ReplicaIntegrity.CATCHING_UP, begin.term() - 1, mayVote, false, cause));
                }
                files.beginIn(begin.term());
            }
            if (begin.votes()) {
                files.deleteRecoveryMarker();
            }
            state = begin.votes() ? new ReplicaState.Intact() : new ReplicaState.CatchingUp(begin.term() - 1, mayVote);
        } catch (IOException failure) {
            failedToOpen(failure);
            return;
        }
        onOpeningLoop(this::open);
    }

    private void watchCatchingUp() {
        if (closed || !replica.isRunning()) {
            return;
        }
        if (state instanceof ReplicaState.Intact || replica.syncedTerm() > state.term()) {
            caughtUp();
            LOG.info("The replica of {} has caught up and votes again: recovery is complete", name);
        } else {
            tellTerm();
            context.loop().schedule(ASK_NANOS, this::watchCatchingUp);
        }
    }

    /**
     * Tells the others the term that it waits for: one who leads in a lower term transfers its leadership. A replica that has returned
     * in that term can't depose it, since Ratis ignores the terms of those that are not caught up ({@code LeaderStateImpl}).
     */
    private void tellTerm() {
        RejoinState own = new RejoinState(ReplicaIntegrity.CATCHING_UP, state.term() + 1);
        context.transport().addRaftPeers(group.getPeers());
        for (RaftPeer peer : group.getPeers()) {
            if (!peer.getId().equals(context.server().getId())) {
                context.transport().askForRejoinState(peer.getId(), group.getGroupId(), own, answer -> {});
            }
        }
    }

    private void caughtUp() {
        try {
            files.deleteRecoveryMarker();
            state = new ReplicaState.Intact();
        } catch (IOException failure) {
            context.diskFailed().accept(failure);
        }
    }

    /** See {@link dev.lockstep.cluster.consensus.Consensus#recover}. */
    void recover(long term, boolean mayCampaign, Consumer<Reply> answer) {
        context.loop().execute(() -> {
            ReplicaState now = state;
            boolean recovers = now.isWaiting() || now instanceof ReplicaState.CatchingUp;
            if (closed || !recovers || term < now.term() || term > MAX_TERM) {
                answer.accept(Reply.Refused.of(
                        Status.INVALID,
                        "The replica of " + name + " is not in recovery, or " + term + " is no term for it"));
                return;
            }
            LOG.warn("An operator forces the recovery of the replica of {}, in term {}", name, term);
            if (now instanceof ReplicaState.CatchingUp) {
                caughtUp();
            } else {
                state = now instanceof ReplicaState.New ? new ReplicaState.Lost() : now;
                begin(new Decision.Begin(term, mayCampaign), true);
            }
            answer.accept(new Reply.Done());
        });
    }
}
