package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.log.Segment.Block;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;

/**
 * The segment files of one log, in Ratis' format: a file takes entries of one term until it is full; then the next is begun
 * at once, and the full one is cut to its size, synced and renamed by the thread that syncs.
 *
 * <p>Appending, truncating and purging is by one thread at a time, syncing by one, reading by any. {@code lock} guards what
 * is known of the files, and is never held while waiting for the disk; {@code disk}, taken before it, is held by the
 * thread that syncs, cuts, renames or deletes files.
 */
final class SegmentFiles {

    private static final int KEPT_BUFFER_BYTES = 64 << 10;

    private final LogDisk files;
    private final Path folder;
    private final long maxBytes;
    private final int allocatedAhead;
    private final ReentrantLock lock = new ReentrantLock();
    private final ReentrantLock disk = new ReentrantLock();
    private final List<Segment> segments = new ArrayList<>();
    private final Deque<SegmentWriter> full = new ArrayDeque<>();
    private final BlockReader reader = new BlockReader(this::block);
    private @Nullable SegmentWriter writer;
    /** Guarded by {@code lock}: whether files have got names that a power cut could take from them. */
    private boolean namesChanged;
    /** The first failure of the disk, after which nothing is taken for synced: a sync may succeed after one that failed. */
    private @Nullable IOException broken;

    private byte[] buffer = new byte[KEPT_BUFFER_BYTES];

    private SegmentFiles(LogDisk files, Path folder, long maxBytes, int allocatedAhead) {
        this.files = files;
        this.folder = folder;
        this.maxBytes = maxBytes;
        this.allocatedAhead = allocatedAhead;
    }

    /**
     * Reads the files of a log.
     *
     * @param maxBytes of a segment; one larger entry has a segment of its own
     * @param allocatedAhead how many bytes of a file are filled with zeros at a time, ahead of the records
     * @param maxEntry the largest entry
     * @param entries told all of them, in order
     * @throws IOException when a file can't be read, or is not what was written
     */
    static SegmentFiles open(
            LogDisk disk,
            RaftStorage storage,
            long maxBytes,
            int allocatedAhead,
            SizeInBytes maxEntry,
            Consumer<LogEntryProto> entries)
            throws IOException {
        SegmentFiles files =
                new SegmentFiles(disk, storage.getStorageDir().getCurrentDir().toPath(), maxBytes, allocatedAhead);
        files.segments.addAll(SegmentLoader.load(disk, storage, maxEntry, entries));
        Segment last = files.lastSegment();
        if (last != null && !last.isClosed()) {
            files.writer = SegmentWriter.append(disk, last.file(), last.size(), files.allocatedAhead);
            files.writer.sync(); // a process that was killed may not have synced what is read as flushed from now on
        }
        disk.syncNames(files.folder);
        return files;
    }

    private @Nullable Segment lastSegment() {
        lock.lock();
        try {
            return segments.isEmpty() ? null : segments.get(segments.size() - 1);
        } finally {
            lock.unlock();
        }
    }

    /** The index of the first entry; -1 if there is none. */
    long first() {
        lock.lock();
        try {
            return segments.isEmpty() ? -1 : segments.get(0).first();
        } finally {
            lock.unlock();
        }
    }

    // Appending

    /**
     * Appends entries: on return they outlast the process.
     *
     * @return their size in bytes
     */
    long append(List<LogEntryProto> entries) throws IOException {
        int[] sizes = new int[entries.size()];
        int begin = 0;
        int length = 0;
        long written = 0;
        for (int i = 0; i < sizes.length; i++) {
            LogEntryProto entry = entries.get(i);
            sizes[i] = RecordFormat.size(entry);
            if (beginsSegment(entry, sizes[i], begin < i ? entries.get(i - 1).getTerm() : -1, length)) {
                write(entries, sizes, begin, i, length);
                written += length;
                begin = i;
                length = 0;
                roll(entry.getIndex());
            }
            if (length + sizes[i] > buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, length + sizes[i]));
            }
            RecordFormat.write(entry, buffer, length, sizes[i]);
            length += sizes[i];
        }
        write(entries, sizes, begin, sizes.length, length);
        if (buffer.length > KEPT_BUFFER_BYTES) {
            buffer = new byte[KEPT_BUFFER_BYTES];
        }
        return written + length;
    }

    /**
     * Tells whether an entry has to go into a new file.
     *
     * @param buffered bytes that go to the open file before it
     * @param bufferedTerm the term of the last of them
     */
    private boolean beginsSegment(LogEntryProto entry, int size, long bufferedTerm, int buffered) {
        Segment open = lastSegment();
        if (writer == null || open == null) {
            return true;
        }
        if (buffered == 0 && open.isEmpty()) {
            return false;
        }
        long term = buffered > 0 ? bufferedTerm : open.lastTerm();
        long bytes = open.size() + buffered;
        return term != entry.getTerm() || bytes >= maxBytes || (size <= maxBytes && bytes + size > maxBytes);
    }

    private void write(List<LogEntryProto> entries, int[] sizes, int from, int to, int length) throws IOException {
        if (from == to) {
            return;
        }
        Objects.requireNonNull(writer).write(buffer, length);
        lock.lock();
        try {
            Segment open = Objects.requireNonNull(lastSegment());
            for (int i = from; i < to; i++) {
                open.added(entries.get(i).getTerm(), sizes[i]);
            }
        } finally {
            lock.unlock();
        }
    }

    private void roll(long first) throws IOException {
        Segment next = new Segment(folder, first);
        SegmentWriter created = SegmentWriter.create(files, next.file(), allocatedAhead);
        lock.lock();
        try {
            if (writer != null) {
                full.add(writer);
            }
            writer = created;
            namesChanged = true;
            segments.add(next);
        } finally {
            lock.unlock();
        }
    }

    // Syncing

    /** Syncs what was appended before. @return the index up to where that is */
    long sync() throws IOException {
        return onDisk(this::syncAppended);
    }

    private interface DiskWork<T> {
        T run() throws IOException;
    }

    private <T> T onDisk(DiskWork<T> work) throws IOException {
        disk.lock();
        try {
            IOException before = broken;
            if (before != null) {
                throw new IOException("the files in " + folder + " can't be written any more", before);
            }
            try {
                return work.run();
            } catch (IOException failure) {
                broken = failure;
                throw failure;
            }
        } finally {
            disk.unlock();
        }
    }

    private long syncAppended() throws IOException {
        closeFull();
        SegmentWriter open;
        long upTo;
        lock.lock();
        try {
            open = full.isEmpty() ? writer : null;
            Segment last = lastSegment();
            upTo = last == null ? -1 : last.last();
            if (!full.isEmpty()) { // since then
                upTo = segments.get(segments.size() - 1 - full.size()).first() - 1;
            }
        } finally {
            lock.unlock();
        }
        if (open != null) {
            open.sync();
        }
        syncNames();
        return upTo;
    }

    private void syncNames() throws IOException {
        boolean changed;
        lock.lock();
        try {
            changed = namesChanged;
            namesChanged = false;
        } finally {
            lock.unlock();
        }
        if (changed) {
            files.syncNames(folder);
        }
    }

    /** Syncs, closes and renames the full files. The caller holds {@code disk}. */
    private void closeFull() throws IOException {
        while (true) {
            SegmentWriter oldest;
            Segment segment;
            lock.lock();
            try {
                oldest = full.peek();
                if (oldest == null) {
                    return;
                }
                segment = segments.get(segments.size() - 1 - full.size());
            } finally {
                lock.unlock();
            }
            oldest.finish();
            oldest.close();
            lock.lock();
            try {
                full.remove();
                rename(segment);
            } finally {
                lock.unlock();
            }
        }
    }

    private void rename(Segment segment) throws IOException {
        Path from = segment.file();
        segment.close();
        files.rename(from, segment.file());
        namesChanged = true;
    }

    // Truncating and purging

    /** Removes the entries from {@code index} on, and waits until the disk has done so. */
    void truncate(long index) throws IOException {
        onDisk(() -> {
            removeFrom(index);
            reader.truncated();
            return index;
        });
    }

    private void removeFrom(long index) throws IOException {
        closeFull();
        closeWriter();
        // From the end, so that a crash meanwhile leaves no gap.
        for (Segment last = lastSegment(); last != null && last.first() >= index; last = lastSegment()) {
            remove(last);
            files.delete(last.file());
        }
        Segment last = lastSegment();
        if (last != null && last.last() >= index) {
            cut(last, index);
        }
        files.syncNames(folder);
    }

    private void remove(Segment segment) {
        lock.lock();
        try {
            segments.remove(segment);
        } finally {
            lock.unlock();
        }
    }

    /** First renamed, then cut: remains behind the entry that a file's name ends with are skipped when it is read. */
    private void cut(Segment segment, long index) throws IOException {
        Block block = segment.block(index);
        long offset = block.from();
        for (LogEntryProto entry : BlockReader.read(block)) {
            if (entry.getIndex() == index) {
                break;
            }
            offset += RecordFormat.size(entry);
        }
        lock.lock();
        try {
            Path before = segment.file();
            segment.truncated(index, offset);
            segment.close();
            if (!before.equals(segment.file())) {
                files.rename(before, segment.file());
            }
        } finally {
            lock.unlock();
        }
        files.syncNames(folder);
        SegmentWriter writer = SegmentWriter.append(files, segment.file(), offset, allocatedAhead);
        try {
            writer.finish();
        } finally {
            writer.close();
        }
    }

    /** Deletes the files of which all entries are at {@code index} or before; not the last file. @return the last index that is gone, -1 for none */
    long purge(long index) throws IOException {
        return onDisk(() -> {
            long purged = -1;
            for (Segment first = firstClosed(); first != null && first.last() <= index; first = firstClosed()) {
                remove(first);
                files.delete(first.file());
                purged = first.last();
            }
            return purged;
        });
    }

    private @Nullable Segment firstClosed() {
        lock.lock();
        try {
            return segments.size() - full.size() > 1 ? segments.get(0) : null;
        } finally {
            lock.unlock();
        }
    }

    /** Syncs what was appended, unless the disk has failed, and closes the files in any case. */
    void close() throws IOException {
        try (Closeable all = this::release) {
            onDisk(() -> {
                closeFull();
                closeWriter();
                syncNames();
                return -1;
            });
        }
    }

    /** Closes the files that are still open, as they are. */
    private void release() throws IOException {
        disk.lock();
        try {
            List<SegmentWriter> open;
            lock.lock();
            try {
                if (writer != null) {
                    full.add(writer);
                }
                open = new ArrayList<>(full);
                full.clear();
                writer = null;
            } finally {
                lock.unlock();
            }
            IOException failure = null;
            for (SegmentWriter file : open) {
                try {
                    file.close();
                } catch (IOException failed) {
                    failure = failed;
                }
            }
            if (failure != null) {
                throw failure;
            }
        } finally {
            disk.unlock();
        }
    }

    private void closeWriter() throws IOException {
        SegmentWriter open;
        lock.lock();
        try {
            open = writer;
            writer = null;
        } finally {
            lock.unlock();
        }
        if (open != null) {
            try {
                open.finish();
            } finally {
                open.close();
            }
        }
    }

    // Reading

    /** Reads an entry from its file; null if there is none of that index. */
    @Nullable
    LogEntryProto read(long index) throws IOException {
        return reader.read(index);
    }

    private @Nullable Block block(long index) {
        lock.lock();
        try {
            Segment segment = find(index);
            return segment == null ? null : segment.block(index);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Segment find(long index) {
        int low = 0;
        int high = segments.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Segment segment = segments.get(middle);
            if (index < segment.first()) {
                high = middle - 1;
            } else if (index > segment.last()) {
                low = middle + 1;
            } else {
                return segment;
            }
        }
        return null;
    }
}
