package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.files.CorruptionClassifier;
import dev.lockstep.cluster.consensus.ratis.files.DurableWatermark;
import dev.lockstep.cluster.consensus.ratis.files.LogTailRepair;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles.Note;
import dev.lockstep.cluster.consensus.ratis.transport.ElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.consensus.ratis.transport.ReplicaTransport;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Decision;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Memory;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.Standing;
import dev.lockstep.cluster.consensus.recovery.RejoinRounds;
import dev.lockstep.cluster.files.SmallFile;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a Raft group on a node's Ratis server: opens it, at once if it remembers all that it has said to the others, and
 * otherwise once they have told it what it needs ({@link RejoinProtocol}). Thread-safe; it is opened on one loop, and the others are asked on another, never
 * at the same time.
 */
final class RatisReplica implements ElectionGate {

    private static final Logger LOG = LoggerFactory.getLogger(RatisReplica.class);
    /** So that terms can rise for ever after it. */
    private static final long MOST_TERM = Long.MAX_VALUE / 2;

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Context context;
    private final LogMachine machine;
    private final int group;
    private final RaftGroup raftGroup;
    private final String name;
    private final RaftLogFiles files;
    private final ReplicaCheckpoints checkpoints;
    private final GroupAdmin requests;
    private final RejoinRounds rounds;
    private final RatisLog log;
    private volatile Standing standing = new Standing(Memory.NEW, 0);
    private volatile boolean votes;
    private volatile boolean looked;
    private volatile @Nullable RatisStateMachine applying;
    private volatile RaftServer.@Nullable Division division;
    private volatile boolean closed;
    /** When it has last had another elected; on the loop. */
    private long electedNanos;
    /** What was marked before it was opened, of what is not moved aside. */
    private DurableWatermark marked = DurableWatermark.NONE;

    /**
     * The parts of its node that a replica uses.
     *
     * @param loop where others are asked, and what they say is heard
     * @param opening where a replica is read from the disk
     * @param diskFailed told, on any thread, when the logs can't be written any more; must not block
     */
    record Context(
            RatisSettings settings,
            RaftServer server,
            ReplicaTransport transport,
            ClientId client,
            LeaderContacts contacts,
            EventLoop loop,
            EventLoop opening,
            EventLoop checkpointing,
            ReplicaCheckpoints.Context checkpoints,
            Consumer<IOException> diskFailed) {}

    RatisReplica(Context context, int group, List<NodeId> replicas, LogMachine machine) {
        this.context = context;
        this.machine = machine;
        this.group = group;
        RatisSettings settings = context.settings();
        RaftGroupId id = RatisNames.groupId(settings.cluster(), group);
        this.raftGroup = RatisNames.group(id, replicas, settings.members());
        this.name = "group " + group + " on " + settings.self().id();
        this.files = new RaftLogFiles(settings.folder(), id.getUuid().toString(), label(group));
        this.checkpoints = new ReplicaCheckpoints(name, group, label(group), machine, context.checkpoints());
        this.requests = new GroupAdmin(context.server(), context.client(), raftGroup, name);
        List<NodeId> others = replicas.stream()
                .filter(node -> !node.equals(settings.self().id()))
                .toList();
        this.rounds = new RejoinRounds(
                name,
                others,
                context.loop(),
                context.checkpoints().time(),
                2 * settings.electionTimeout().toNanos());
        this.electedNanos = context.checkpoints().time().nanos()
                - settings.electionTimeout().toNanos();
        this.log = new RatisLog(
                replicas,
                context.contacts().of(id),
                settings.maxEntryBytes(),
                context.loop(),
                this::transfer,
                this::loseState,
                this::remove);
    }

    /** What a group is called in the names of files. */
    static String label(int group) {
        return group == Consensus.CONTROL ? "control" : "shard-" + group;
    }

    RaftGroupId id() {
        return raftGroup.getGroupId();
    }

    RatisLog log() {
        return log;
    }

    /** What applies its entries, if it is open or being opened. */
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
        return votes;
    }

    @Override
    public boolean mayCampaign() {
        return standing.memory() == Memory.WHOLE;
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

    // Opening

    /** Opens it soon, or begins to ask. */
    void open() {
        context.opening()
                .execute(() -> orFail(() -> {
                    look();
                    if (!hasBegun() || !openNow()) {
                        context.loop().execute(this::ask);
                    }
                }));
    }

    /** A step that may block on the disk. */
    private interface Step {
        void take() throws IOException;
    }

    private void orFail(Step step) {
        try {
            if (!closed) {
                step.take();
            }
        } catch (IOException | RuntimeException failure) {
            if (!closed) {
                failedToOpen(failure);
            }
        }
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

    /** Finds out what it still knows. */
    private void look() throws IOException {
        Note note = files.note();
        try {
            marked = files.marked();
        } catch (CorruptStateException damaged) {
            note = note != null && note.memory() == Memory.LOST
                    ? note
                    : Note.lost(false, String.valueOf(damaged.getMessage()));
        }
        if (note == null) {
            note = notice();
        }
        if (note != null) {
            resume(note);
        } else if (files.exist()) {
            standing = new Standing(Memory.WHOLE, 0);
            votes = true;
        }
        looked = true;
    }

    private boolean hasBegun() {
        return standing.memory() == Memory.WHOLE || standing.memory() == Memory.CATCHING_UP;
    }

    /** What can be seen to be missing before Ratis looks; null if that is nothing, or the replica has never been there. */
    private @Nullable Note notice() throws IOException {
        if (!files.exist() && !files.haveLog()) {
            return context.settings().formed() ? Note.lost(false, "its log is not there any more") : null;
        }
        try {
            files.checkVote(voters(), context.server().getId(), marked);
            return null;
        } catch (CorruptStateException damaged) {
            Note note = new Note(Memory.SHORTENED, 0, false, false, String.valueOf(damaged.getMessage()));
            files.write(note);
            LOG.error(
                    "The replica of {} has lost its vote: {}. It keeps its log, and votes again when it has heard from the others",
                    name,
                    note.cause());
            return note;
        }
    }

    private List<RaftPeerId> voters() {
        return raftGroup.getPeers().stream().map(RaftPeer::getId).toList();
    }

    private void resume(Note note) throws IOException {
        if (note.memory() == Memory.LOST) {
            lose(note, null);
            return;
        }
        try {
            files.checkVote(voters(), context.server().getId(), marked);
        } catch (CorruptStateException damaged) {
            files.forgetVote(context.server().getId());
        }
        if (note.memory() == Memory.CATCHING_UP) {
            files.beginIn(note.floor() + 1);
            votes = note.votes();
            standing = new Standing(Memory.CATCHING_UP, note.floor());
        } else {
            standing = new Standing(Memory.SHORTENED, Math.max(files.term(), marked.term()));
        }
    }

    /**
     * Has Ratis open it, and waits for that.
     *
     * @return false if what it has is damaged: that is put aside, and the others have to be asked
     * @throws IOException when the disk can't be used
     */
    private boolean openNow() throws IOException {
        RatisStateMachine attempt =
                new RatisStateMachine(name, machine, checkpoints, this::remove, context.diskFailed());
        applying = attempt;
        try {
            LogTailRepair.cutOff(files.current());
            RaftServer.Division open = requests.open(context.settings().folder());
            requireWhole(open.getRaftLog(), attempt);
            division = open;
            log.opened(open, attempt);
        } catch (IOException failure) {
            attempt.stop(failure);
            applying = null;
            String damage = CorruptionClassifier.of(failure);
            if (damage == null) {
                throw failure;
            }
            lose(Note.lost(CorruptionClassifier.isOfCheckpoints(failure), damage), failure);
            return false;
        }
        if (standing.memory() == Memory.CATCHING_UP) {
            context.loop().execute(this::watchCatchingUp);
        }
        return true;
    }

    /** Ratis would wait for missing entries for ever, and take what is left of a log for all of it. */
    private void requireWhole(RaftLog raftLog, RatisStateMachine opened) throws IOException {
        long from = raftLog.getStartIndex();
        long to = Math.max(raftLog.getNextIndex() - 1, opened.startedFrom());
        String damage = null;
        if (from > opened.startedFrom() + 1) {
            damage = "the log begins at position " + from + ", but there is no checkpoint up to there: the newest in "
                    + checkpoints.folder() + " ends at " + opened.startedFrom();
        } else if (to < marked.position()) {
            damage = "the log ends at position " + to + ", but was known to be committed up to " + marked.position();
        }
        if (damage != null) {
            opened.stop(new IOException(damage)); // or its end would count as one by itself
            requests.close();
            throw new CorruptStateException(damage);
        }
    }

    /** What it has can't be relied on: it is put aside, and said to be lost for as long as it has not begun again. */
    private void lose(Note what, @Nullable Throwable failure) throws IOException {
        files.write(what);
        votes = false;
        marked = DurableWatermark.NONE;
        context.loop().execute(rounds::forget);
        standing = new Standing(Memory.LOST, 0);
        Path aside = files.moveAside();
        Path checkpointsAside = what.dropsState() ? checkpoints.forget() : null;
        List<Path> moved =
                Stream.of(aside, checkpointsAside).filter(Objects::nonNull).toList();
        LOG.error(
                "The replica of {} has lost what it had: {}. {}It is made anew from the other replicas",
                name,
                what.cause(),
                moved.isEmpty() ? "" : "What is left was moved to " + moved + ". ",
                failure);
    }

    // Asking the others; on the loop

    private void ask() {
        if (closed || hasBegun()) {
            return;
        }
        context.transport().addRaftPeers(raftGroup.getPeers());
        Decision decision = rounds.ask(
                (other, own, answer) ->
                        context.transport().askForStanding(RatisNames.id(other), raftGroup.getGroupId(), own, answer),
                standing);
        if (decision instanceof Decision.Begin begin) {
            begin(begin, begin.votes());
        } else if (decision instanceof Decision.FindLost) {
            try {
                lose(Note.lost(false, "it was started with an empty folder, but the others know it"), null);
            } catch (IOException failure) {
                context.diskFailed().accept(failure);
            }
        }
        if (!hasBegun()) {
            context.loop().schedule(ASK_NANOS, this::ask);
        }
    }

    /** @param mayVote at once, even if it can't be elected at once */
    private void begin(Decision.Begin begin, boolean mayVote) {
        try {
            if (standing.memory() != Memory.NEW) {
                LOG.info(
                        "The replica of {} takes part again, in term {}{}",
                        name,
                        begin.term(),
                        begin.votes() ? "" : ", and votes once it has caught up");
                if (!begin.votes()) {
                    Note before = files.note();
                    String cause = before == null ? "" : before.cause();
                    files.write(new Note(Memory.CATCHING_UP, begin.term() - 1, mayVote, false, cause));
                }
                files.beginIn(begin.term());
            }
            if (begin.votes()) {
                files.forgetNote();
            }
            votes = mayVote;
            standing = new Standing(begin.votes() ? Memory.WHOLE : Memory.CATCHING_UP, begin.term() - 1);
        } catch (IOException failure) {
            failedToOpen(failure);
            return;
        }
        context.opening()
                .execute(() -> orFail(() -> {
                    if (!openNow()) { // that is damaged too
                        context.loop().execute(this::ask);
                    }
                }));
    }

    // Catching up; on the loop

    private void watchCatchingUp() {
        RaftServer.Division open = division;
        RatisStateMachine of = applying;
        if (closed || open == null || of == null || of.isStopped()) {
            return;
        }
        if (standing.memory() == Memory.WHOLE || syncedTerm(open.getRaftLog(), of) > standing.term()) {
            remembers();
            LOG.info("The replica of {} has caught up, and votes again", name);
        } else {
            context.loop().schedule(ASK_NANOS, this::watchCatchingUp);
        }
    }

    private void remembers() {
        try {
            files.forgetNote();
            standing = new Standing(Memory.WHOLE, 0);
            votes = true;
        } catch (IOException failure) {
            context.diskFailed().accept(failure);
        }
    }

    /** The highest term of what is on the disk: entries of it came from a leader that had all that was committed before. */
    private static long syncedTerm(RaftLog raftLog, RatisStateMachine of) {
        TermIndex entry = raftLog.getTermIndex(raftLog.getFlushIndex());
        CheckpointId checkpoint = of.checkpoints().taking().newest();
        return Math.max(entry == null ? 0 : entry.getTerm(), checkpoint == null ? 0 : checkpoint.term());
    }

    // What is asked of it

    /** See {@link Consensus#replicas}. */
    ReplicaStatus status() {
        Standing now = standing;
        RaftServer.Division open = division;
        RatisStateMachine of = applying;
        if (open == null || of == null) {
            return new ReplicaStatus(
                    group,
                    State.valueOf(now.memory().name()),
                    now.term(),
                    checkpoints.reached(),
                    false,
                    looked && !hasBegun() ? rounds.waitsFor() : ReplicaStatus.OPENING);
        }
        return new ReplicaStatus(
                group,
                of.isStopped() ? State.STOPPED : State.valueOf(now.memory().name()),
                open.getInfo().getCurrentTerm(),
                of.applied(),
                !of.isStopped() && open.getInfo().isLeader(),
                "");
    }

    /** See {@link Consensus#recover}. */
    void recover(long term, boolean stands, Consumer<Reply> answer) {
        context.loop().execute(() -> {
            Memory memory = standing.memory();
            if (closed || !looked || memory == Memory.WHOLE || term < standing.term() || term > MOST_TERM) {
                answer.accept(Reply.Refused.of(
                        Status.INVALID,
                        "The replica of " + name + " waits for nobody, or " + term + " is no term for it"));
                return;
            }
            LOG.warn("The replica of {} takes part again in term {}, since an operator says so", name, term);
            if (memory == Memory.CATCHING_UP) {
                remembers();
            } else {
                standing = memory == Memory.NEW ? new Standing(Memory.LOST, 0) : standing;
                begin(new Decision.Begin(term, stands), true);
            }
            answer.accept(new Reply.Done());
        });
    }

    @Override
    public @Nullable Standing answerRejoin(RaftPeerId from, Standing asking) {
        if (asking.memory() == Memory.NEW) {
            NodeId node = new NodeId(from.toString());
            context.loop().execute(() -> rounds.seenNew(node));
        }
        Standing now = standing;
        RaftServer.Division open = division;
        RatisStateMachine of = applying;
        if (open != null && of != null && !of.isStopped()) {
            if (open.getInfo().isLeader() && asking.term() > open.getInfo().getCurrentTerm()) {
                context.loop().execute(() -> haveElected(open, from));
            }
            return new Standing(now.memory(), open.getInfo().getCurrentTerm());
        }
        return looked && !hasBegun() ? now : null;
    }

    /** Leads in a term that {@code returning}, which does not vote, is about to leave behind: has another elected in a higher one. */
    private void haveElected(RaftServer.Division open, RaftPeerId returning) {
        long now = context.checkpoints().time().nanos();
        if (open.getInfo().isLeader()
                && now - electedNanos > context.settings().electionTimeout().toNanos() / 2) {
            electedNanos = now;
            RaftPeerId successor = context.transport().furthestFollower(id(), returning);
            if (successor != null) {
                LOG.info(
                        "The replica of {} hands leadership to {}, so that {} can take part again",
                        name,
                        successor,
                        returning);
                transfer(RatisNames.node(successor));
            }
        }
    }

    /** While it lasts, writes are refused; a transfer that has not come about by then is given up. */
    private void transfer(@Nullable NodeId successor) {
        context.loop()
                .execute(() -> requests.transfer(
                        successor, context.settings().electionTimeout().dividedBy(2)));
    }

    // Closing

    /** See {@link ReplicatedLog#lose}. */
    private void loseState(String cause) {
        RatisStateMachine of = applying;
        if (of != null && of.giveUp(new IOException(cause))) {
            context.loop().execute(() -> {
                try {
                    files.write(Note.lost(true, cause));
                } catch (IOException failure) {
                    context.diskFailed().accept(failure);
                }
                remove();
            });
        }
    }

    /**
     * Takes it out of the server once it has stopped; its files stay. On a thread of its own, because Ratis waits for the threads of
     * the replica, of which the caller may be one.
     */
    private void remove() {
        context.loop().execute(() -> {
            try {
                requests.remove()
                        .whenComplete(
                                (reply, failure) -> context.checkpointing().execute(this::takeLastCheckpoint));
            } catch (RuntimeException failure) {
                LOG.warn("The replica of {} was not taken out", name, failure);
            }
        });
    }

    /** Hands nothing more to the machine. */
    void stop(Throwable cause) {
        closed = true;
        RatisStateMachine of = applying;
        if (of != null) {
            of.stop(cause);
        }
    }

    /** So that a start has nothing to replay. Once nothing is applied any more. */
    void takeLastCheckpoint() {
        RatisStateMachine of = applying;
        if (of != null && division != null) {
            of.takeLastCheckpoint();
        }
    }

    /** Marks how far the log goes that can't be cut off by a leader any more, and the vote; by one thread at a time. */
    void mark() {
        RaftServer.Division open = division;
        if (open != null) {
            RaftLog raftLog = open.getRaftLog();
            try {
                files.mark(Math.min(raftLog.getFlushIndex(), raftLog.getLastCommittedIndex()));
            } catch (IOException failure) {
                context.diskFailed().accept(failure);
            }
        }
    }
}
