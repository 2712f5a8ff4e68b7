package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes one segment's file, which is filled with zeros ahead of the records, some at a time: a sync need not write the
 * file's size then, and a record that was written in part is told from damage (see {@code LogTailRepair}). Writing is by
 * one thread at a time, and syncing by one, which may be another.
 */
final class SegmentWriter implements Closeable {

    private static final int MAX_AHEAD = 1 << 20;
    private static final byte[] ZEROS = new byte[64 << 10];

    private final LogDisk.OpenFile file;
    private final int allocatedAhead;
    private long size;
    private long allocated;

    private SegmentWriter(LogDisk.OpenFile file, long size, int allocatedAhead) throws IOException {
        this.file = file;
        this.size = size;
        this.allocatedAhead = Math.min(allocatedAhead, MAX_AHEAD);
        this.allocated = file.length();
    }

    /** Creates a file that has only its header. */
    static SegmentWriter create(LogDisk disk, Path path, int allocatedAhead) throws IOException {
        SegmentWriter writer = append(disk, path, 0, allocatedAhead);
        try {
            writer.write(RecordFormat.header(), RecordFormat.headerSize());
        } catch (IOException failure) {
            writer.close();
            throw failure;
        }
        return writer;
    }

    /** Goes on with a file of whole records. */
    static SegmentWriter append(LogDisk disk, Path path, long size, int allocatedAhead) throws IOException {
        LogDisk.OpenFile file = disk.open(path);
        try {
            return new SegmentWriter(file, size, allocatedAhead);
        } catch (IOException failure) {
            file.close();
            throw failure;
        }
    }

    /** Appends whole records: on return they outlast the process. */
    void write(byte[] records, int length) throws IOException {
        while (size + length > allocated) {
            allocate();
        }
        file.write(size, records, length);
        size += length;
    }

    /**
     * Fills the file with zeros, a part at a time: Linux caches what one write brings as one piece where it can, and
     * a small write to a large piece takes several times as long.
     */
    private void allocate() throws IOException {
        long end = allocated + allocatedAhead;
        while (allocated < end) {
            int part = (int) Math.min(ZEROS.length, end - allocated);
            file.write(allocated, ZEROS, part);
            allocated += part;
        }
    }

    /** Syncs what was written before: it outlasts the machine's power then. */
    void sync() throws IOException {
        file.sync();
    }

    /** Gives back what is behind the records, and syncs the file. No further record is written after it. */
    void finish() throws IOException {
        file.cut(size);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
