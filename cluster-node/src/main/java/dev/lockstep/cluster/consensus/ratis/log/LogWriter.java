package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.HeapShare;
import dev.lockstep.protocol.runtime.Time;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.jspecify.annotations.Nullable;

/**
 * Writes a log's entries in the order in which they were appended: on the thread that appends or, while the disk is slow or the
 * log is being synced, on a loop that may wait. No thread waits for another's write: the one that writes takes over what is added
 * meanwhile. Thread-safe.
 */
final class LogWriter {

    // As much as a leader may have in flight.

    private static final int MOST_ENTRIES = 8 << 10;
    private static final long MOST_BYTES = HeapShare.atMost(8 << 20, 64);

    private final EventLoop waiting;
    private final Time time;
    private final Destination destination;
    private final WritePace pace = new WritePace();
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean syncing;

    // Guarded by this.

    private List<LogEntryProto> queued = new ArrayList<>();
    /** The entries that are being written, by the thread that holds {@code writing}. */
    private List<LogEntryProto> inFlight = List.of();

    private long bytes;

    /** The files of a log. */
    interface Destination {

        /**
         * Writes entries, by one thread at a time.
         *
         * @return tells of the outcome, without any lock
         */
        Runnable write(List<LogEntryProto> entries);
    }

    /** A change of the files other than appending to them. */
    interface Change {
        void make() throws IOException;
    }

    /** @param waiting the loop that may wait */
    LogWriter(EventLoop waiting, Time time, Destination destination) {
        this.waiting = waiting;
        this.time = time;
        this.destination = destination;
    }

    /** Tells whether so much waits for the disk that no more should be added. */
    synchronized boolean isFull() {
        return queued.size() + inFlight.size() >= MOST_ENTRIES || bytes >= MOST_BYTES;
    }

    /** Adds entries that follow the last; to be written by the next {@link #write}. */
    synchronized void add(List<LogEntryProto> more) {
        queued.addAll(more);
        bytes += bytes(more);
    }

    private static long bytes(List<LogEntryProto> entries) {
        long bytes = 0;
        for (LogEntryProto entry : entries) {
            bytes += entry.getSerializedSize();
        }
        return bytes;
    }

    /** The entry at {@code index} if it is not written yet; null otherwise. */
    synchronized @Nullable LogEntryProto get(long index) {
        LogEntryProto entry = find(queued, index);
        return entry == null ? find(inFlight, index) : entry;
    }

    private static @Nullable LogEntryProto find(List<LogEntryProto> entries, long index) {
        long at = entries.isEmpty() ? -1 : index - entries.get(0).getIndex();
        return at >= 0 && at < entries.size() ? entries.get((int) at) : null;
    }

    /** Has everything written that was added: before it returns, unless that may take long or another thread is writing. */
    void write() {
        write(false);
    }

    /** Has everything written that was added, on the loop that may wait. */
    void writeElsewhere() {
        waiting.execute(() -> write(true));
    }

    private void write(boolean mayWait) {
        while (hasQueued()) {
            if (!mayWait && mayTakeLong()) {
                writeElsewhere();
                return;
            }
            if (!writing.tryLock()) {
                return;
            }
            Runnable outcome;
            try {
                outcome = writeNext();
            } finally {
                writing.unlock();
            }
            outcome.run();
        }
    }

    private synchronized boolean hasQueued() {
        return !queued.isEmpty();
    }

    /** A disk that does not answer shows it in syncs first, and then in writes to what is being synced. */
    private boolean mayTakeLong() {
        return syncing || pace.isSlow(time.nanos());
    }

    private Runnable writeNext() {
        List<LogEntryProto> next = take();
        if (next.isEmpty()) {
            return () -> {};
        }
        pace.began(time.nanos());
        try {
            return destination.write(next);
        } finally {
            pace.ended(time.nanos());
            written();
        }
    }

    private synchronized List<LogEntryProto> take() {
        inFlight = queued;
        queued = new ArrayList<>();
        return inFlight;
    }

    private synchronized void written() {
        bytes -= bytes(inFlight);
        inFlight = List.of();
    }

    /**
     * Changes the files while nothing is written to them, and waits for what is. Nothing may be added meanwhile.
     *
     * @param index from which on entries that are not written yet are forgotten
     */
    void change(long index, Change change) throws IOException {
        forget(index);
        writing.lock();
        try {
            change.make();
        } finally {
            writing.unlock();
        }
        write();
    }

    private synchronized void forget(long index) {
        List<LogEntryProto> gone =
                queued.stream().filter(entry -> entry.getIndex() >= index).toList();
        queued.subList(queued.size() - gone.size(), queued.size()).clear();
        bytes -= bytes(gone);
    }

    /** Notes that a sync of the files begins or ends. */
    void syncing(boolean begins) {
        syncing = begins;
    }
}
