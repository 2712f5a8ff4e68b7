package dev.lockstep.cluster.checkpoint;

import dev.lockstep.protocol.wire.UnknownFormatException;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Reads what {@link CheckpointWriter} wrote, and nothing else: whatever byte is another, missing or too many,
 * {@link CorruptCheckpointException} is thrown. A block is checked before anything of it is told, the number and order of
 * blocks only at the end; so what was told counts only when reading has ended well. Not thread-safe.
 */
public final class CheckpointReader {

    /** More than the largest record, which has a value of the largest frame in it. */
    static final int MAX_BLOCK_BYTES = 64 << 20;

    private static final LZ4SafeDecompressor LZ4 = LZ4Factory.fastestInstance().safeDecompressor();

    private final DataInputStream in;
    private final CRC32C whole = new CRC32C();

    private CheckpointReader(InputStream in) {
        this.in = new DataInputStream(in);
    }

    /**
     * Reads a whole checkpoint, to the end of the stream, without closing it.
     *
     * @throws CorruptCheckpointException when it is not what was written
     */
    public static CheckpointId read(InputStream in, Consumer<byte[]> record) throws IOException {
        CheckpointReader reader = new CheckpointReader(in);
        try {
            CheckpointId id = reader.head();
            reader.blocks(record);
            return id;
        } catch (EOFException early) {
            throw new CorruptCheckpointException("It ends too early", early);
        }
    }

    private CheckpointId head() throws IOException {
        byte[] bytes = in.readNBytes(CheckpointWriter.HEAD_BYTES);
        if (bytes.length < CheckpointWriter.HEAD_BYTES) {
            throw new EOFException();
        }
        DataInputStream head = new DataInputStream(new ByteArrayInputStream(bytes));
        if (head.readInt() != CheckpointWriter.MAGIC) {
            throw new CorruptCheckpointException("It does not begin as a checkpoint does");
        }
        int format = head.readUnsignedByte();
        CheckpointId id = new CheckpointId(head.readInt(), head.readLong(), head.readLong());
        whole.update(bytes);
        if (in.readInt() != (int) whole.getValue()) {
            throw new CorruptCheckpointException("The checksum of its head is wrong");
        }
        if (format != CheckpointWriter.FORMAT) {
            throw new IOException(UnknownFormatException.message("The checkpoint", format, CheckpointWriter.FORMAT));
        }
        return id;
    }

    private void blocks(Consumer<byte[]> record) throws IOException {
        int blocks = 0;
        long records = 0;
        for (int size = in.readInt(); size != 0; size = in.readInt()) {
            records += block(blocks, size, record);
            blocks++;
        }
        if (in.readInt() != blocks
                || in.readLong() != records
                || in.readInt() != CheckpointWriter.manifestCrc(whole, blocks, records)) {
            throw new CorruptCheckpointException("Its manifest does not fit its blocks, of which there are " + blocks);
        }
        if (in.read() >= 0) {
            throw new CorruptCheckpointException("It has data behind its end");
        }
    }

    private int block(int number, int size, Consumer<byte[]> record) throws IOException {
        int length = in.readInt();
        int expected = in.readInt();
        if (size < 0 || size > MAX_BLOCK_BYTES || length < 0 || length > MAX_BLOCK_BYTES) {
            throw new CorruptCheckpointException("The sizes of block " + number + " are impossible");
        }
        byte[] compressed = in.readNBytes(length);
        CRC32C crc = CheckpointWriter.blockCrc(size, compressed, compressed.length);
        if (compressed.length < length || expected != (int) crc.getValue()) {
            throw new CorruptCheckpointException("The checksum of block " + number + " is wrong");
        }
        CheckpointWriter.add(whole, crc.getValue());
        byte[] bytes = new byte[size];
        try {
            if (LZ4.decompress(compressed, bytes) != size) {
                throw new CorruptCheckpointException("Block " + number + " has another size than it says");
            }
        } catch (LZ4Exception malformed) {
            throw new CorruptCheckpointException("Block " + number + " can't be decompressed", malformed);
        }
        return records(bytes, record);
    }

    private static int records(byte[] block, Consumer<byte[]> record) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(block));
        int count = 0;
        for (int at = 0; at < block.length; count++) {
            int from = at + 4;
            int size = in.readInt();
            if (size < 0 || size > block.length - from) {
                throw new CorruptCheckpointException("A record is longer than its block");
            }
            in.skipNBytes(size);
            at = from + size;
            record.accept(Arrays.copyOfRange(block, from, at));
        }
        return count;
    }
}
