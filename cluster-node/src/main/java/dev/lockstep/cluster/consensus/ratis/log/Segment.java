package dev.lockstep.cluster.consensus.ratis.log;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;

/**
 * One file of a log and where in it which entries are: in blocks of about 64 KiB, each of which is read as a whole. Not
 * thread-safe; knows of nothing but whole records that have been written.
 */
final class Segment {

    /** A block ends with the first record that reaches this size. */
    private static final long BLOCK_BYTES = 64 << 10;

    private static final Pattern CLOSED = Pattern.compile("log_(\\d+)-(\\d+)");
    private static final Pattern OPEN = Pattern.compile("log_inprogress_(\\d+)");

    private final Path folder;
    private final long first;
    private long last;
    private long lastTerm;
    private long size = RecordFormat.headerSize();
    private boolean closed;
    private int blocks;
    private long[] blockFirsts = new long[8];
    private long[] blockOffsets = new long[8];

    /** Describes a file without entries. */
    Segment(Path folder, long first) {
        this.folder = folder;
        this.first = first;
        this.last = first - 1;
        this.lastTerm = RaftLog.INVALID_LOG_INDEX;
    }

    /**
     * Some records of a file that are read together.
     *
     * @param first index of the first entry
     * @param complete whether no further record will be in it
     */
    record Block(Path file, long first, long from, long to, boolean complete) {}

    /**
     * The range of entries in the name of a file.
     *
     * @param last index; -1 if it is one to which entries may be added
     */
    record Name(long first, long last) {

        /** Null if it is not the name of a segment. */
        static @Nullable Name of(Path file) {
            String name = String.valueOf(file.getFileName());
            Matcher open = OPEN.matcher(name);
            if (open.matches()) {
                return new Name(Long.parseLong(open.group(1)), RaftLog.INVALID_LOG_INDEX);
            }
            Matcher closed = CLOSED.matcher(name);
            return closed.matches() ? new Name(Long.parseLong(closed.group(1)), Long.parseLong(closed.group(2))) : null;
        }

        boolean isOpen() {
            return last == RaftLog.INVALID_LOG_INDEX;
        }
    }

    long first() {
        return first;
    }

    /** The index of its last entry; the one before its first if it has none. */
    long last() {
        return last;
    }

    long lastTerm() {
        return lastTerm;
    }

    boolean isEmpty() {
        return last < first;
    }

    /** The bytes of its header and records. */
    long size() {
        return size;
    }

    /** The path of the file, which is renamed after its last entry when it is closed. */
    Path file() {
        return folder.resolve(closed ? "log_" + first + "-" + last : "log_inprogress_" + first);
    }

    /** Tells whether it takes no further entries. */
    boolean isClosed() {
        return closed;
    }

    /** Gives it the name of a file that has no further entries. */
    void close() {
        closed = true;
    }

    /** Notes that the record of the next entry has been written at its end. */
    void added(long term, int recordSize) {
        if (blocks == 0 || size - blockOffsets[blocks - 1] >= BLOCK_BYTES) {
            if (blocks == blockFirsts.length) {
                blockFirsts = Arrays.copyOf(blockFirsts, 2 * blocks);
                blockOffsets = Arrays.copyOf(blockOffsets, 2 * blocks);
            }
            blockFirsts[blocks] = last + 1;
            blockOffsets[blocks] = size;
            blocks++;
        }
        last++;
        lastTerm = term;
        size += recordSize;
    }

    /** Notes that the entries from {@code index} on, of which {@code offset} is the first's, are gone, and that no more come. */
    void truncated(long index, long offset) {
        while (blocks > 0 && blockFirsts[blocks - 1] >= index) {
            blocks--;
        }
        last = index - 1;
        size = offset;
    }

    /** The block with the entry at {@code index}, which this segment must have. */
    Block block(long index) {
        int at = Arrays.binarySearch(blockFirsts, 0, blocks, index);
        int block = at >= 0 ? at : -at - 2;
        boolean isLast = block == blocks - 1;
        return new Block(
                file(),
                blockFirsts[block],
                blockOffsets[block],
                isLast ? size : blockOffsets[block + 1],
                !isLast || closed);
    }
}
