package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one replica: taken while entries are applied, restored when it is opened, and given to replicas that are
 * too far behind for the log. {@link #applied} and {@link #restore} belong to the thread that applies; the rest is
 * thread-safe.
 */
public final class Checkpointer {

    private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);
    private static final int PIECE_BYTES = 1 << 20;
    /** The time without requests after which a fetch counts as abandoned. */
    private static final long FETCHED_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** The multiple of the interval by which the log may grow while a checkpoint is being fetched. */
    private static final int PATIENCE = 10;

    private final String name;
    private final CheckpointFolder folder;
    private final Checkpointed.@Nullable Durable durable;
    private final CheckpointStrategy strategy;
    private final Executor writer;
    private final Time time;
    private final Interval interval;
    private final Tally tally;
    private long begunAtPosition;
    private long begunAtNanos;
    private volatile long wantedPosition;
    private volatile boolean writing;
    private volatile boolean fetched;
    private volatile long fetchedAtNanos;
    private volatile @Nullable CheckpointId newest;

    /**
     * The interval between two checkpoints: whichever comes first, if anything was applied since the last.
     *
     * @param entries of the log since the last
     * @param time since the last
     */
    public record Interval(int entries, Duration time) {}

    /** Counts the checkpoints of one or more replicas: taken, failed, loaded and installed. Thread-safe. */
    public static final class Tally {

        private final LongAdder taken = new LongAdder();
        private final LongAdder takenNanos = new LongAdder();
        private final LongAdder failed = new LongAdder();
        private final LongAdder loaded = new LongAdder();
        private final LongAdder loadedNanos = new LongAdder();
        private final LongAdder installed = new LongAdder();

        /** Returns how many were taken. */
        public long taken() {
            return taken.sum();
        }

        /** Returns the time that it took to write them. */
        public long takenNanos() {
            return takenNanos.sum();
        }

        /** Returns how many could not be written. */
        public long failed() {
            return failed.sum();
        }

        /** Returns how many were read by replicas that were opened. */
        public long loaded() {
            return loaded.sum();
        }

        /** Returns the time that it took to read them. */
        public long loadedNanos() {
            return loadedNanos.sum();
        }

        /** Returns how many were fetched from other nodes and took the place of what a replica had. */
        public long installed() {
            return installed.sum();
        }
    }

    /** Creates one whose checkpoints are counted by nobody. */
    public Checkpointer(
            String name,
            CheckpointFolder folder,
            Checkpointed machine,
            Executor writer,
            DutyCycle pace,
            Time time,
            Interval interval) {
        this(name, folder, machine, writer, pace, time, interval, new Tally());
    }

    /**
     * @param name of the replica, for messages
     * @param writer where checkpoints are written, those of several replicas one after another
     * @param pace at which they are
     */
    public Checkpointer(
            String name,
            CheckpointFolder folder,
            Checkpointed machine,
            Executor writer,
            DutyCycle pace,
            Time time,
            Interval interval,
            Tally tally) {
        this.name = name;
        this.folder = folder;
        this.durable = machine.durable();
        this.strategy = durable == null
                ? new FileCheckpoints(folder, machine, pace)
                : new FlushCheckpoints(folder, machine, durable, writer);
        this.writer = writer;
        this.time = time;
        this.interval = interval;
        this.tally = tally;
        this.begunAtNanos = time.nanos();
    }

    /**
     * Makes the machine what the newest checkpoint is.
     *
     * @return null if there is none
     * @throws CorruptCheckpointException if there is one, and it is not intact
     */
    public @Nullable CheckpointId restore() throws IOException {
        long from = time.nanos();
        CheckpointId restored = strategy.restore();
        if (restored != null) {
            isAt(restored);
            long took = time.nanos() - from;
            tally.loaded.increment();
            tally.loadedNanos.add(took);
            LOG.info(
                    "{} resumes from its checkpoint at position {}, read in {} ms",
                    name,
                    restored.position(),
                    TimeUnit.NANOSECONDS.toMillis(took));
        }
        return restored;
    }

    /** The entry that is applied next is of this term. */
    public void applying(long term) {
        if (durable != null) {
            durable.term(term);
        }
    }

    /**
     * Makes the machine what a checkpoint of another replica is.
     *
     * @throws CorruptCheckpointException when its records do not belong together
     */
    public void become(Restored restored) throws IOException {
        applying(restored.id().term());
        folder.done(restored);
        tally.installed.increment();
        isAt(restored.id());
    }

    private void isAt(CheckpointId id) {
        advance(id);
        begunAtPosition = id.position();
        begunAtNanos = time.nanos();
    }

    /** One that was begun earlier may be done later. */
    private synchronized void advance(CheckpointId id) {
        CheckpointId before = newest;
        newest = before == null || before.position() < id.position() ? id : before;
    }

    /** The newest that is whole and on the disk, or null. */
    public @Nullable CheckpointId newest() {
        return newest;
    }

    /** A checkpoint that is not behind a position is wanted, and taken after the next entry. */
    void want(long position) {
        wantedPosition = Math.max(wantedPosition, position);
    }

    /** The entry at a position has been applied: a checkpoint is begun if it is time. */
    public void applied(long term, long position) {
        long grown = position - begunAtPosition;
        boolean due = grown >= interval.entries()
                || time.nanos() - begunAtNanos >= interval.time().toNanos();
        boolean wanted = begunAtPosition < wantedPosition && position >= wantedPosition;
        boolean waits = isFetched() && grown < (long) PATIENCE * interval.entries();
        if (!writing && (wanted || (due && !waits))) {
            begin(folder.id(term, position));
        }
    }

    /**
     * Takes the last one, unless there is one up to there, and writes it at once. Takes a last checkpoint once nothing
     * is applied any more.
     */
    public void last(long term, long position) {
        CheckpointId before = newest;
        if (!writing && (before == null || before.position() < position)) {
            writing = true;
            CheckpointId id = folder.id(term, position);
            finish(id, strategy.begin(id));
        }
    }

    /** A new one would take the place of one that a follower has fetched half of. */
    private boolean isFetched() {
        return fetched && time.nanos() - fetchedAtNanos < FETCHED_NANOS;
    }

    private void begin(CheckpointId id) {
        begunAtPosition = id.position();
        begunAtNanos = time.nanos();
        writing = true;
        CheckpointStrategy.PendingCheckpoint pending = strategy.begin(id);
        writer.execute(() -> finish(id, pending));
    }

    private void finish(CheckpointId begun, CheckpointStrategy.PendingCheckpoint pending) {
        long from = time.nanos();
        try {
            CheckpointId taken = pending.finish();
            advance(taken);
            fetched = false;
            tally.taken.increment();
            tally.takenNanos.add(time.nanos() - from);
            LOG.debug(
                    "Checkpoint of {} taken at position {}, in {} ms",
                    name,
                    taken.position(),
                    TimeUnit.NANOSECONDS.toMillis(time.nanos() - from));
        } catch (IOException | RuntimeException failure) {
            tally.failed.increment();
            LOG.error(
                    "The checkpoint of {} at position {} could not be taken; its log is kept, and it is retried after {} entries",
                    name,
                    begun.position(),
                    interval.entries(),
                    failure);
        } finally {
            writing = false;
        }
    }

    /**
     * Returns what {@link #piece(Wanted)} does, if the newest is not behind a position; otherwise one that is not is
     * {@linkplain #want wanted}.
     */
    public @Nullable CheckpointPiece piece(long since, Wanted wanted) throws IOException {
        CheckpointId id = newest;
        if (id == null || id.position() < since) {
            want(since);
            return null;
        }
        return piece(wanted);
    }

    /**
     * A piece of the newest, from its beginning if the asker has the beginning of another.
     *
     * @return null if there is none
     */
    public @Nullable CheckpointPiece piece(Wanted wanted) throws IOException {
        CheckpointId known = newest;
        if (known == null) {
            return null;
        }
        fetchedAtNanos = time.nanos();
        fetched = true;
        CheckpointId id = strategy.toSend(known);
        if (id == null) {
            return null;
        }
        boolean same = id.term() == wanted.term() && id.position() == wanted.position();
        long offset = same ? wanted.offset() : 0;
        byte[] bytes = folder.piece(id, offset, PIECE_BYTES);
        return bytes == null ? null : new CheckpointPiece(id, folder.size(id), offset, Bytes.of(bytes));
    }
}
