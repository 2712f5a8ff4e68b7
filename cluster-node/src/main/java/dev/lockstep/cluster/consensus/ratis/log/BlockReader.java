package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import dev.lockstep.cluster.consensus.ratis.log.Segment.Block;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.jspecify.annotations.Nullable;

/**
 * Reads the entries of a log from its segment files, block by block, and keeps the last blocks in memory. Thread-safe; its
 * lock is not held while waiting for the disk, nor while blocks are looked up.
 */
final class BlockReader {

    /** Files are renamed, cut, deleted and created again while they are read; the index names only what is there. */
    private static final int ATTEMPTS = 3;

    private static final int CACHED_BLOCKS = 2;

    private final Index index;
    private final Deque<CachedBlock> cached = new ArrayDeque<>();
    private long truncations;

    /** The blocks of a log. */
    interface Index {

        /** The block with the entry at {@code index}; null if there is no such entry. */
        @Nullable
        Block block(long index);
    }

    private record CachedBlock(long first, List<LogEntryProto> entries) {

        @Nullable
        LogEntryProto get(long index) {
            long at = index - first;
            return at >= 0 && at < entries.size() ? entries.get((int) at) : null;
        }
    }

    BlockReader(Index index) {
        this.index = index;
    }

    /** Reads an entry; null if there is none at {@code position}. */
    @Nullable
    LogEntryProto read(long position) throws IOException {
        for (int attempt = 1; ; attempt++) {
            long before;
            synchronized (this) {
                for (CachedBlock recent : cached) {
                    LogEntryProto entry = recent.get(position);
                    if (entry != null) {
                        return entry;
                    }
                }
                before = truncations;
            }
            Block block = index.block(position);
            if (block == null) {
                return null;
            }
            try {
                CachedBlock read = new CachedBlock(block.first(), read(block));
                if (block.complete()) {
                    cache(read, before);
                }
                return read.get(position);
            } catch (IOException changed) {
                if (attempt == ATTEMPTS) {
                    throw changed;
                }
            }
        }
    }

    private synchronized void cache(CachedBlock block, long truncationsBefore) {
        if (truncations == truncationsBefore) {
            cached.addFirst(block);
            if (cached.size() > CACHED_BLOCKS) {
                cached.removeLast();
            }
        }
    }

    /** Drops the blocks that were read before or during a truncation; to be called after it, before entries are appended. */
    synchronized void truncated() {
        truncations++;
        cached.clear();
    }

    /** Reads the entries of a block from its file. Not by a channel, which an interrupt would close: Ratis interrupts its threads. */
    static List<LogEntryProto> read(Block block) throws IOException {
        byte[] records = new byte[Math.toIntExact(block.to() - block.from())];
        try (RandomAccessFile file = new RandomAccessFile(block.file().toFile(), "r")) {
            file.seek(block.from());
            file.readFully(records);
        } catch (EOFException end) {
            throw new CorruptStateException("the file " + block.file() + " ends before its entries");
        }
        List<LogEntryProto> entries = RecordFormat.read(records, block.file());
        if (!entries.isEmpty() && entries.get(0).getIndex() != block.first()) {
            throw new CorruptStateException("the file " + block.file() + " has entry "
                    + entries.get(0).getIndex() + " in place of " + block.first());
        }
        return entries;
    }
}
