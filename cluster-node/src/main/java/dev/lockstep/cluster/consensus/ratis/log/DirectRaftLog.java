package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.HeapShare;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.metrics.RaftLogMetrics;
import org.apache.ratis.server.metrics.RaftLogMetricsBase;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.LogEntryHeader;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.RaftLogBase;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.server.storage.RaftStorageMetadata;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.util.AutoCloseableLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Raft log of one group, written by the thread that appends, where Ratis' own ({@code SegmentedRaftLog}) hands each entry
 * to a thread of the log and each sync to another. The files are the same.
 *
 * <p>Ratis changes a log by one thread at a time, under {@link #writeLock}; any thread reads, without a lock: an entry is in
 * memory before {@code next} says that it is there, and stays there until it is in the file. An append is complete, and counts
 * as flushed, once it is in the file. Nothing is written with the lock or a monitor of Ratis held. Thread-safe so far.
 */
public final class DirectRaftLog extends RaftLogBase {

    private static final Logger LOG = LoggerFactory.getLogger(DirectRaftLog.class);
    private static final int RECENT_ENTRIES = 16 << 10;
    private static final long RECENT_BYTES = HeapShare.atMost(4 << 20, 256);
    /** The log in which a thread is making a call that appends, to be written after it. */
    private static final ThreadLocal<@Nullable DirectRaftLog> APPENDING = new ThreadLocal<>();

    private final RaftStorage storage;
    private final RaftProperties properties;
    private final Context node;
    private final LogSyncer syncer;
    private final EventLoop waiting;
    private final LogWriter writer;
    private final Server server;
    private final RaftLogMetrics metrics;
    private final RecentEntries recent;
    private final Runnable sync = this::sync;
    private final FlushTracker flushes;
    /** The last entry that is in the files: what comes after it is in memory only. */
    private volatile long written = INVALID_LOG_INDEX;

    private @Nullable SegmentFiles files;
    private volatile TermRuns terms = TermRuns.NONE;
    private volatile long start = INVALID_LOG_INDEX;
    /** The index after that of the last entry; that of {@code start} if there is none. */
    private volatile long next;

    private volatile @Nullable IOException failure;

    /**
     * The parts of its node that a log uses.
     *
     * @param waiting makes a loop for what waits for the disk; each is closed with its log
     */
    public record Context(LogDisk disk, LogSyncer syncer, Supplier<EventLoop> waiting, Time time) {}

    /** A call of Ratis that appends as a leader. */
    public interface Append<T, X extends Exception> {
        T run() throws X;
    }

    /** The parts of its Raft server that a log tells of what happens. */
    public interface Server {

        /** Reports an entry that is about to be removed. */
        void truncated(LogEntryProto entry);

        /** Reports, on any thread, that a leader may commit more, since its own log is flushed further. */
        void flushed();

        /** Tells whether this replica is a majority by itself. */
        boolean isOnlyVoter();

        /** Reports once, on any thread, that the log can't be written any more. */
        void failed(IOException cause);
    }

    /**
     * @param snapshotIndex position of the newest checkpoint; -1 for none
     * @param storage of the group; closed with this log
     */
    public DirectRaftLog(
            RaftGroupMemberId member,
            LongSupplier snapshotIndex,
            RaftProperties properties,
            RaftStorage storage,
            Context node,
            Server server) {
        this(member, snapshotIndex, properties, storage, node, server, new RecentEntries(RECENT_ENTRIES, RECENT_BYTES));
    }

    DirectRaftLog(
            RaftGroupMemberId member,
            LongSupplier snapshotIndex,
            RaftProperties properties,
            RaftStorage storage,
            Context node,
            Server server,
            RecentEntries recent) {
        super(member, snapshotIndex, properties);
        this.storage = storage;
        this.properties = properties;
        this.node = node;
        this.syncer = node.syncer();
        this.waiting = node.waiting().get();
        this.writer = new LogWriter(waiting, node.time(), this::writeToFile);
        this.server = server;
        this.recent = recent;
        this.metrics = new RaftLogMetricsBase(member);
        this.flushes = new FlushTracker(INVALID_LOG_INDEX, server::flushed);
    }

    @Override
    protected void openImpl(long lastIndexInSnapshot, Consumer<LogEntryProto> consumer) throws IOException {
        try {
            load(lastIndexInSnapshot, consumer);
        } catch (IOException | RuntimeException failed) {
            waiting.close();
            throw failed;
        }
    }

    private void load(long lastIndexInSnapshot, Consumer<LogEntryProto> consumer) throws IOException {
        SegmentFiles opened = SegmentFiles.open(
                node.disk(),
                storage,
                RaftServerConfigKeys.Log.segmentSizeMax(properties).getSize(),
                RaftServerConfigKeys.Log.preallocatedSize(properties).getSizeInt(),
                RaftServerConfigKeys.Log.Appender.bufferByteLimit(properties),
                entry -> {
                    written = entry.getIndex();
                    append(entry);
                    consumer.accept(entry);
                });
        files = opened;
        start = opened.first();
        if (start != INVALID_LOG_INDEX && next - 1 < lastIndexInSnapshot) {
            LOG.warn(
                    "{} ends at position {}, before its checkpoint at {}: its entries are discarded",
                    getName(),
                    next - 1,
                    lastIndexInSnapshot);
            clear(() -> flushes.reset(lastIndexInSnapshot));
        }
        flushes.reset(Math.max(next - 1, lastIndexInSnapshot));
    }

    private SegmentFiles files() throws IOException {
        SegmentFiles open = files;
        if (open == null) {
            throw new IOException(getName() + " is not open");
        }
        return open;
    }

    // Reading

    @Override
    public long getStartIndex() {
        return start;
    }

    /** Returns what the inherited one does, but without making an object: it is called all the time. */
    @Override
    public long getNextIndex() {
        return start == INVALID_LOG_INDEX ? getLastCommittedIndex() + 1 : next;
    }

    @Override
    public @Nullable TermIndex getLastEntryTermIndex() {
        return start == INVALID_LOG_INDEX ? null : getTermIndex(next - 1);
    }

    @Override
    public @Nullable TermIndex getTermIndex(long index) {
        TermRuns now;
        long term;
        do { // what is appended or truncated meanwhile changes the terms, unless it is of the same
            now = terms;
            if (!has(index)) {
                return null;
            }
            term = now.termAt(index);
        } while (now != terms);
        return TermIndex.valueOf(term, index);
    }

    private boolean has(long index) {
        long from = start;
        return from != INVALID_LOG_INDEX && index >= from && index < next;
    }

    @Override
    public @Nullable LogEntryProto get(long index) throws RaftLogIOException {
        if (!has(index)) {
            return null;
        }
        LogEntryProto entry = recent.get(index);
        if (entry == null && index > written) {
            entry = writer.get(index);
        }
        if (entry != null) {
            return entry;
        }
        try {
            return files().read(index);
        } catch (IOException failed) {
            throw new RaftLogIOException(getName() + ": entry " + index + " can't be read", failed);
        }
    }

    @Override
    public EntryWithData getEntryWithData(long index) throws RaftLogIOException {
        LogEntryProto entry = get(index);
        if (entry == null) {
            throw new RaftLogIOException(getName() + " has no entry " + index);
        }
        return newEntryWithData(entry, null);
    }

    @Override
    public LogEntryHeader[] getEntries(long startIndex, long endIndex) {
        checkLogState();
        if (startIndex < start) {
            throw new IndexOutOfBoundsException(getName() + " begins at " + start + ", after " + startIndex);
        }
        int count = (int) Math.max(0, Math.min(next, endIndex) - startIndex);
        LogEntryHeader[] headers = new LogEntryHeader[count];
        for (int i = 0; i < count; i++) {
            try {
                LogEntryProto entry = get(startIndex + i);
                headers[i] = entry == null ? null : LogEntryHeader.valueOf(entry);
            } catch (RaftLogIOException unreadable) {
                throw new IllegalStateException(unreadable);
            }
        }
        return headers;
    }

    @Override
    public long getFlushIndex() {
        return flushes.flushed();
    }

    @Override
    public RaftLogMetrics getRaftLogMetrics() {
        return metrics;
    }

    // Appending

    /**
     * Makes a call of Ratis that appends to a log as its leader, and has that written after it: without the monitor of Ratis' server,
     * which votes and changes of the leader need, and while followers are sent the entries already.
     */
    public static <T, X extends Exception> T writingAfter(RaftLog log, Append<T, X> call) throws X {
        if (!(log instanceof DirectRaftLog direct)) {
            return call.run();
        }
        DirectRaftLog outer = APPENDING.get();
        APPENDING.set(direct);
        try {
            return call.run();
        } finally {
            APPENDING.set(outer);
            direct.writer.write();
        }
    }

    @Override
    protected CompletableFuture<Long> appendEntryImpl(LogEntryProto entry, @Nullable TransactionContext context) {
        checkLogState();
        CompletableFuture<Long> flushed;
        try (AutoCloseableLock held = writeLock()) {
            validateLogEntry(entry);
            flushed = add(List.of(entry));
        }
        if (APPENDING.get() != this) { // an entry of Ratis' own, as the first of a term, with its server's monitor held
            writer.writeElsewhere();
        }
        return flushed;
    }

    @Override
    protected List<CompletableFuture<Long>> appendImpl(@Nullable List<LogEntryProto> entries) {
        checkLogState();
        if (entries == null || entries.isEmpty()) {
            return List.of();
        }
        CompletableFuture<Long> flushed;
        try (AutoCloseableLock held = writeLock()) {
            IOException before = failure;
            if (before != null) { // also for entries that are known, which may be in memory only
                return List.of(failedBefore(before));
            }
            int known = 0;
            while (known < entries.size() && isKnown(entries.get(known))) {
                known++;
            }
            if (known == entries.size()) {
                return known(entries.get(known - 1));
            }
            if (writer.isFull()) {
                return List.of(CompletableFuture.failedFuture(
                        new IOException(getName() + ": too many entries wait for the disk")));
            }
            LogEntryProto first = entries.get(known);
            if (has(first.getIndex())) {
                CompletableFuture<Long> truncated = truncate(first.getIndex());
                if (truncated.isCompletedExceptionally()) {
                    return List.of(truncated);
                }
            }
            validateLogEntry(first);
            flushed = add(entries.subList(known, entries.size()));
        }
        writer.write();
        return List.of(flushed);
    }

    /** An append that brings nothing new is answered like the one before, which may still wait for the disk. */
    private List<CompletableFuture<Long>> known(LogEntryProto last) {
        CompletableFuture<Long> flushed =
                flushes.awaitKnown(last.getIndex(), next - 1, node.time().nanos());
        if (flushed == null) {
            return List.of();
        }
        if (syncer.isWaitedFor()) {
            syncer.request(sync, 0);
        }
        return List.of(flushed);
    }

    /** Tells whether an entry is here already, or in the checkpoint. */
    private boolean isKnown(LogEntryProto entry) {
        long from = start;
        return (from != INVALID_LOG_INDEX && entry.getIndex() < from)
                || (has(entry.getIndex()) && terms.termAt(entry.getIndex()) == entry.getTerm());
    }

    private CompletableFuture<Long> add(List<LogEntryProto> entries) {
        IOException before = failure;
        if (before != null) {
            return failedBefore(before);
        }
        LogEntryProto last = entries.get(entries.size() - 1);
        CompletableFuture<Long> flushed =
                flushes.await(last.getIndex(), node.time().nanos());
        writer.add(entries);
        entries.forEach(this::append);
        return flushed;
    }

    private CompletableFuture<Long> failedBefore(IOException before) {
        return CompletableFuture.failedFuture(new IOException(getName() + " has failed before", before));
    }

    /** See {@link LogWriter.Destination}. */
    private Runnable writeToFile(List<LogEntryProto> entries) {
        long last = entries.get(entries.size() - 1).getIndex();
        try {
            checkLogState();
            IOException before = failure;
            if (before != null) {
                throw new IOException(getName() + " has failed before", before);
            }
            long bytes = files().append(entries);
            written = last;
            syncer.request(sync, bytes);
        } catch (IOException | RuntimeException cause) {
            boolean first = isOpened() && fails(cause);
            return () -> {
                if (first) {
                    tellFailed(cause);
                }
                flushes.fail(entries.get(0).getIndex(), cause);
            };
        }
        if (syncer.isWaitedFor()) {
            return () -> {};
        }
        Runnable flushed = flushes.written(last);
        return () -> {
            flushed.run();
            if (server.isOnlyVoter()) {
                server.flushed(); // no answer of a follower will
            }
        };
    }

    /** The last entry that is in the files; -1 if there is none. */
    long written() {
        return written;
    }

    /** The time for which the oldest append has waited for the disk, also one that is being written; 0 if there is none. Never waits. */
    public long unflushedNanos() {
        return flushes.waitedNanos(node.time().nanos());
    }

    private void append(LogEntryProto entry) {
        terms = terms.append(entry.getIndex(), entry.getTerm());
        recent.add(entry);
        next = entry.getIndex() + 1;
        if (start == INVALID_LOG_INDEX) {
            start = entry.getIndex();
        }
    }

    private CompletableFuture<Long> failed(Throwable cause) {
        if (fails(cause)) {
            tellFailed(cause);
        }
        return CompletableFuture.failedFuture(reported(cause));
    }

    /** Lets nothing more be written. @return false if it had failed before */
    private synchronized boolean fails(Throwable cause) {
        boolean first = failure == null;
        failure = first ? reported(cause) : failure;
        return first;
    }

    private void tellFailed(Throwable cause) {
        LOG.error("{} can't be written any more", getName(), cause);
        server.failed(reported(cause));
    }

    private static IOException reported(Throwable cause) {
        return cause instanceof IOException io ? io : new IOException(cause);
    }

    // Syncing

    private void sync() {
        writer.syncing(true);
        try {
            long before = flushes.truncations();
            long upTo = files().sync();
            if (syncer.isWaitedFor() && !flushes.synced(upTo, before)) {
                syncer.request(sync, 0);
            }
        } catch (IOException | RuntimeException cause) {
            failed(cause);
            flushes.fail(INVALID_LOG_INDEX, cause);
        } finally {
            writer.syncing(false);
        }
    }

    // Truncating, purging, checkpoints

    @Override
    protected CompletableFuture<Long> truncateImpl(long index) {
        checkLogState();
        if (index <= getLastCommittedIndex()) {
            throw new IllegalStateException(getName() + " would lose entries that are committed: truncated at " + index
                    + ", committed up to " + getLastCommittedIndex());
        }
        try (AutoCloseableLock held = writeLock()) {
            for (long gone = index; gone < next; gone++) {
                LogEntryProto entry = get(gone);
                if (entry != null) {
                    server.truncated(entry);
                }
            }
            LOG.info("{} truncated: it ended at position {}, and ends at {} now", getName(), next - 1, index - 1);
            flushes.fail(index, new IOException(getName() + ": the entry was truncated"));
            if (index <= start) {
                clear(() -> flushes.truncated(index));
            } else {
                next = index;
                recent.truncate(index);
                terms = terms.truncate(index);
                writer.change(index, () -> {
                    if (written >= index) {
                        files().truncate(index);
                        written = index - 1;
                    }
                    flushes.truncated(index);
                });
            }
            return CompletableFuture.completedFuture(index);
        } catch (IOException cause) {
            return failed(cause);
        }
    }

    private void clear(Runnable flushed) throws IOException {
        start = INVALID_LOG_INDEX;
        recent.truncate(0);
        terms = TermRuns.NONE;
        writer.change(0, () -> {
            files().truncate(0);
            written = INVALID_LOG_INDEX;
            flushed.run();
        });
    }

    @Override
    protected CompletableFuture<Long> purgeImpl(long index) {
        updateSnapshotIndexFromStateMachine();
        long purged;
        try {
            purged = files().purge(index);
        } catch (IOException cause) {
            return failed(cause);
        }
        if (purged == INVALID_LOG_INDEX) {
            // Ratis ignores a purge up to what it holds for purged, and the files may be closed by then.
            return CompletableFuture.completedFuture(purged);
        }
        try (AutoCloseableLock held = writeLock()) {
            if (start != INVALID_LOG_INDEX && start <= purged) {
                start = purged + 1;
                terms = terms.purge(start);
            }
        }
        return CompletableFuture.completedFuture(purged);
    }

    /** The files that it replaces go; all of them, if the log ends before it. */
    @Override
    public CompletableFuture<Long> onSnapshotInstalled(long lastSnapshotIndex) {
        updateSnapshotIndex(lastSnapshotIndex);
        try (AutoCloseableLock held = writeLock()) {
            if (start != INVALID_LOG_INDEX && next - 1 <= lastSnapshotIndex) {
                flushes.fail(INVALID_LOG_INDEX, new IOException(getName() + ": a snapshot was installed"));
                clear(() -> flushes.reset(lastSnapshotIndex));
                updatePurgeIndex(lastSnapshotIndex);
                return CompletableFuture.completedFuture(lastSnapshotIndex);
            }
            flushes.installed(lastSnapshotIndex);
        } catch (IOException cause) {
            return failed(cause);
        }
        return purgeImpl(lastSnapshotIndex).whenComplete((purged, failed) -> updatePurgeIndex(purged));
    }

    // The vote, and closing

    @Override
    public void persistMetadata(RaftStorageMetadata metadata) throws IOException {
        storage.getMetadataFile().persist(metadata);
    }

    @Override
    public RaftStorageMetadata loadMetadata() throws IOException {
        return storage.getMetadataFile().getMetadata();
    }

    @Override
    public void close() throws IOException {
        try (AutoCloseableLock held = writeLock()) {
            super.close();
        }
        flushes.fail(INVALID_LOG_INDEX, new IOException(getName() + " is closed"));
        SegmentFiles open = files;
        try {
            if (open != null) {
                writer.change(INVALID_LOG_INDEX, open::close);
            }
        } finally {
            waiting.close();
            storage.close();
        }
    }
}
