package dev.lockstep.cluster.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/**
 * Writes a checkpoint (numbers are big-endian):
 *
 * <pre>
 * head      "LSCP"  format: 1 byte  group: 4  term: 8  position: 8  CRC32C of these: 4
 * block     size: 4, not 0  size of what follows the CRC: 4  CRC32C of both sizes and what follows: 4  LZ4 block
 * …         each is of records: size: 4, bytes
 * manifest  0: 4  blocks: 4  records: 8  CRC32C of head, of the CRCs of all blocks, and of these numbers: 4
 * </pre>
 *
 * Each byte is covered by a checksum, each block's place by that of the manifest. Not thread-safe.
 */
public final class CheckpointWriter {

    static final int MAGIC = 0x4C534350;
    static final int FORMAT = 7;
    static final int HEAD_BYTES = 25;
    /** A block has as many records as fit, and a larger one alone. */
    static final int BLOCK_BYTES = 64 * 1024;

    private static final LZ4Compressor LZ4 = LZ4Factory.fastestInstance().fastCompressor();

    private final DataOutputStream out;
    private final CRC32C whole = new CRC32C();
    private final ByteArrayOutputStream block = new ByteArrayOutputStream(BLOCK_BYTES);
    private final DataOutputStream records = new DataOutputStream(block);
    private int blocks;
    private long count;

    private CheckpointWriter(OutputStream out) {
        this.out = new DataOutputStream(out);
    }

    /**
     * Writes a whole checkpoint, without closing the stream.
     *
     * @param tellRecords passes the records to the consumer that it is given, and lets its exceptions pass
     */
    public static void write(OutputStream out, CheckpointId id, Consumer<Consumer<byte[]>> tellRecords)
            throws IOException {
        CheckpointWriter writer = new CheckpointWriter(out);
        writer.head(id);
        try {
            tellRecords.accept(writer::record);
        } catch (UncheckedIOException failure) {
            throw failure.getCause();
        }
        writer.flushBlock();
        writer.manifest();
    }

    private void head(CheckpointId id) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(HEAD_BYTES);
        DataOutputStream head = new DataOutputStream(bytes);
        head.writeInt(MAGIC);
        head.writeByte(FORMAT);
        head.writeInt(id.group());
        head.writeLong(id.term());
        head.writeLong(id.position());
        whole.update(bytes.toByteArray());
        bytes.writeTo(out);
        out.writeInt((int) whole.getValue());
    }

    private void record(byte[] record) {
        try {
            if (block.size() > 0 && block.size() + 4L + record.length > BLOCK_BYTES) {
                flushBlock();
            }
            records.writeInt(record.length);
            records.write(record);
            count++;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void flushBlock() throws IOException {
        if (block.size() == 0) {
            return;
        }
        byte[] compressed = LZ4.compress(block.toByteArray());
        CRC32C crc = blockCrc(block.size(), compressed, compressed.length);
        out.writeInt(block.size());
        out.writeInt(compressed.length);
        out.writeInt((int) crc.getValue());
        out.write(compressed);
        add(whole, crc.getValue());
        blocks++;
        block.reset();
    }

    private void manifest() throws IOException {
        out.writeInt(0);
        out.writeInt(blocks);
        out.writeLong(count);
        out.writeInt(manifestCrc(whole, blocks, count));
        out.flush();
    }

    /** Computes the CRC over the first {@code length} bytes of a compressed block. */
    static CRC32C blockCrc(int size, byte[] compressed, int length) {
        CRC32C crc = new CRC32C();
        add(crc, (long) size << 32 | length);
        crc.update(compressed, 0, length);
        return crc;
    }

    static int manifestCrc(CRC32C whole, int blocks, long count) {
        add(whole, blocks);
        add(whole, count);
        return (int) whole.getValue();
    }

    static void add(CRC32C crc, long number) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            crc.update((int) (number >>> shift));
        }
    }
}
