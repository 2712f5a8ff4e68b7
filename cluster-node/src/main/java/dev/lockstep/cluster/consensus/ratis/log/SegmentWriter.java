package dev.lockstep.cluster.consensus.ratis.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes one segment's file, which is filled with zeros ahead of the records, a MiB at a time: a sync need not write the
 * file's size then, and a record that was written in part is told from damage (see {@code LogTailRepair}). Writing is by
 * one thread at a time, and syncing by one, which may be another.
 *
 * <p>Only the thread that syncs uses a channel, which an interrupt would close: Ratis interrupts threads that write.
 */
final class SegmentWriter implements Closeable {

    private static final byte[] ZEROS = new byte[1 << 20];

    private final RandomAccessFile file;
    private final FileChannel syncing;
    private long size;
    private long allocated;

    private SegmentWriter(Path path, long size) throws IOException {
        this.file = new RandomAccessFile(path.toFile(), "rw");
        this.size = size;
        this.allocated = file.length();
        this.syncing = FileChannel.open(path, StandardOpenOption.WRITE);
    }

    /** Creates a file that has only its header. */
    static SegmentWriter create(Path path) throws IOException {
        SegmentWriter writer = new SegmentWriter(path, 0);
        try {
            writer.write(RecordFormat.header(), RecordFormat.headerSize());
        } catch (IOException failure) {
            writer.close();
            throw failure;
        }
        return writer;
    }

    /** Goes on with a file of whole records. */
    static SegmentWriter append(Path path, long size) throws IOException {
        return new SegmentWriter(path, size);
    }

    /** Appends whole records: on return they outlast the process. */
    void write(byte[] records, int length) throws IOException {
        while (size + length > allocated) {
            file.seek(allocated);
            file.write(ZEROS);
            allocated += ZEROS.length;
        }
        file.seek(size);
        file.write(records, 0, length);
        size += length;
    }

    /** Syncs what was written before: it outlasts the machine's power then. */
    void sync() throws IOException {
        syncing.force(false);
    }

    /** Gives back what is behind the records, and syncs the file. No further record is written after it. */
    void finish() throws IOException {
        file.setLength(size);
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        try (file) {
            syncing.close();
        }
    }
}
