package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointFiles;
import dev.lockstep.cluster.checkpoint.CheckpointFolder;
import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ratis.transport.CheckpointFetcher;
import dev.lockstep.cluster.consensus.ratis.transport.PendingInstall;
import dev.lockstep.cluster.files.Folders;
import dev.lockstep.cluster.files.Quarantine;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.impl.FileListSnapshotInfo;
import org.jspecify.annotations.Nullable;

/** The checkpoints of one replica as Ratis asks for them. Thread-safe once it is open. */
final class ReplicaCheckpoints {

    private static final double MIB = 1 << 20;
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String name;
    private final int group;
    private final LogMachine<?, ?> machine;
    private final Context context;
    private final Path path;
    private @Nullable CheckpointFolder folder;
    private @Nullable Checkpointer taking;
    private volatile @Nullable Fetch fetching;
    private volatile @Nullable Received received;
    private volatile @Nullable SnapshotInfo latest;

    /**
     * The parts of a node that its replicas share.
     *
     * @param folder has one for each replica
     * @param writer where checkpoints are written
     * @param pace at which they are
     * @param fetcher of other nodes' checkpoints
     * @param tally of the checkpoints of all replicas
     */
    record Context(
            Path folder,
            Executor writer,
            DutyCycle pace,
            Time time,
            Checkpointer.Interval interval,
            CheckpointFetcher fetcher,
            Checkpointer.Tally tally) {}

    /** The fetch of another replica's checkpoint. */
    private final class Fetch implements PendingInstall {

        private final TermIndex wantedFrom;
        private final CompletableFuture<@Nullable TermIndex> install = new CompletableFuture<>();
        private volatile @Nullable Restored fetched;

        Fetch(TermIndex wantedFrom) {
            this.wantedFrom = wantedFrom;
        }

        @Override
        public TermIndex wantedFrom() {
            return wantedFrom;
        }

        @Override
        public long end() {
            Restored restored = fetched;
            return restored == null ? NOT_FETCHED : restored.id().position();
        }

        @Override
        public void offer() throws IOException {
            CheckpointId id =
                    Objects.requireNonNull(fetched, "No checkpoint was fetched").id();
            Objects.requireNonNull(folder).keep(id);
            install.complete(TermIndex.valueOf(id.term(), id.position()));
        }

        @Override
        public void abandon() {
            install.complete(null);
        }
    }

    /**
     * The bytes of a fetched checkpoint that have come.
     *
     * @param first how many there were when it began
     */
    private record Received(long beganNanos, long first, long bytes, long size) {

        Received now(long bytesNow) {
            return new Received(beganNanos, first, bytesNow, size);
        }

        String note(long nowNanos) {
            double seconds = Math.max(1, nowNanos - beganNanos) / SECOND_NANOS;
            double rate = (bytes - first) / seconds;
            String pace = rate <= 0
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            ", %.1f MiB a second, about %.0f s left",
                            rate / MIB,
                            Math.ceil((size - bytes) / rate));
            return String.format(
                    Locale.ROOT, "fetching a checkpoint: %.1f of %.1f MiB%s", bytes / MIB, size / MIB, pace);
        }
    }

    /** @param label of the group, in the names of files */
    ReplicaCheckpoints(String name, int group, String label, LogMachine<?, ?> machine, Context context) {
        this.name = "The replica of " + name;
        this.group = group;
        this.machine = machine;
        this.context = context;
        this.path = context.folder().resolve(label);
    }

    /** The folder of its checkpoints, which need not exist. */
    Path folder() {
        return path;
    }

    /** The position up to which it would be restored; 0 if it would not, or that is unknown. */
    long reached() {
        try {
            Checkpointed.Durable durable = machine.durable();
            Checkpointed.LogPoint kept = durable == null ? null : durable.reached();
            CheckpointId newest = Files.exists(path) ? CheckpointFolder.newest(CheckpointFiles.in(path), group) : null;
            return Math.max(kept == null ? 0 : kept.position(), newest == null ? 0 : newest.position());
        } catch (IOException unreadable) {
            return 0;
        }
    }

    /**
     * Resets the machine to before the first entry, and quarantines the checkpoints. Before it is opened.
     *
     * @return where they are now, or null if there were none
     */
    @Nullable
    Path forget() throws IOException {
        Checkpointed.Durable durable = machine.durable();
        if (durable != null) {
            durable.forget();
        }
        return Files.exists(path) ? Quarantine.move(path, path.getFileName().toString()) : null;
    }

    /** Deletes them all. Once nothing is applied any more. */
    void delete() throws IOException {
        Folders.delete(path);
    }

    /** Opens the folder: before anything else, and again each time that the replica is opened. */
    void open() throws IOException {
        folder = new CheckpointFolder(path, group);
        taking = new Checkpointer(
                name,
                folder,
                machine,
                context.writer(),
                context.pace(),
                context.time(),
                context.interval(),
                context.tally());
    }

    Checkpointer taking() {
        return Objects.requireNonNull(taking);
    }

    /** The same object until there is a newer one: Ratis asks with each append. */
    @Nullable
    SnapshotInfo latest() {
        CheckpointId newest = taking == null ? null : taking.newest();
        SnapshotInfo known = latest;
        if (newest != null && (known == null || known.getIndex() != newest.position())) {
            known = new FileListSnapshotInfo(List.of(), newest.term(), newest.position());
            latest = known;
        }
        return known;
    }

    /**
     * Fetches the checkpoint of another replica; {@link #install} makes it this one's state.
     *
     * @param wantedFrom where the log of the leader begins that says it is needed
     * @param logEnd where this replica's log ends. Entries of a deposed leader are not truncated by an install, so a
     *     checkpoint that ends before them is of no use: entries up to its position would stay that may never have been
     *     committed. The next will do
     * @return completed once the checkpoint is offered to Ratis; with null once it is abandoned
     */
    CompletableFuture<@Nullable TermIndex> fetch(
            RaftGroupId raftGroup, RaftPeerId from, TermIndex wantedFrom, long logEnd) {
        received = null;
        Fetch fetch = new Fetch(wantedFrom);
        fetching = fetch;
        context.fetcher()
                .fetch(from, raftGroup, Objects.requireNonNull(folder), machine::restoration, logEnd, this::received)
                .whenComplete((restored, failure) -> {
                    if (failure == null) {
                        fetch.fetched = restored;
                    } else {
                        fetching = null;
                        fetch.install.completeExceptionally(failure);
                    }
                });
        return fetch.install;
    }

    /** Forgets what was fetched: Ratis does without it. */
    void abandoned() {
        fetching = null;
    }

    private void received(long bytes, long size) {
        Received before = received;
        received = before == null || before.size() != size
                ? new Received(context.time().nanos(), bytes, bytes, size)
                : before.now(bytes);
    }

    /** Describes for operators how far a checkpoint is fetched; empty while none is. */
    String progress() {
        Fetch now = fetching;
        Received soFar = received;
        return now == null || now.fetched != null || soFar == null
                ? ""
                : soFar.note(context.time().nanos());
    }

    /** Returns what {@link #fetch} fetches, or has fetched, until it is installed or abandoned; null if there is nothing. */
    @Nullable
    PendingInstall pendingInstall() {
        return fetching;
    }

    /** Makes the fetched checkpoint the state of the machine; on the thread that applies. */
    CheckpointId install() throws IOException {
        Fetch done = Objects.requireNonNull(fetching, "No checkpoint was fetched");
        Restored restored = Objects.requireNonNull(done.fetched, "No checkpoint was fetched");
        fetching = null;
        taking().become(restored);
        return restored.id();
    }
}
