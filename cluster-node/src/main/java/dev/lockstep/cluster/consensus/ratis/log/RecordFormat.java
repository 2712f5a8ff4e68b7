package dev.lockstep.cluster.consensus.ratis.log;

import dev.lockstep.cluster.consensus.ratis.files.CorruptStateException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedInputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;

/**
 * The bytes of entries in a segment file, as Ratis' {@code SegmentedRaftLogOutputStream} writes them: the length as a
 * varint, the entry, and the CRC-32C of both, after a header for the file. Pure.
 */
final class RecordFormat {

    private static final byte[] HEADER = "RaftLog1".getBytes(StandardCharsets.US_ASCII);
    private static final int CHECKSUM_BYTES = Integer.BYTES;

    private RecordFormat() {}

    /** The bytes that a file begins with. */
    static byte[] header() {
        return HEADER.clone();
    }

    static int headerSize() {
        return HEADER.length;
    }

    /** The size of an entry's record. */
    static int size(LogEntryProto entry) {
        int content = entry.getSerializedSize();
        return CodedOutputStream.computeUInt32SizeNoTag(content) + content + CHECKSUM_BYTES;
    }

    /**
     * Writes the record of an entry.
     *
     * @param size as {@link #size} says
     */
    static void write(LogEntryProto entry, byte[] to, int offset, int size) throws IOException {
        int content = size - CHECKSUM_BYTES;
        CodedOutputStream out = CodedOutputStream.newInstance(to, offset, content);
        out.writeUInt32NoTag(entry.getSerializedSize());
        entry.writeTo(out);
        out.checkNoSpaceLeft();
        ByteBuffer.wrap(to).putInt(offset + content, checksum(to, offset, content));
    }

    private static int checksum(byte[] bytes, int offset, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, offset, length);
        return (int) checksum.getValue();
    }

    /**
     * Reads the entries of whole records.
     *
     * @param where they are from, human-readable
     * @throws CorruptStateException when a record is not what was written
     */
    static List<LogEntryProto> read(byte[] records, Object where) throws IOException {
        List<LogEntryProto> entries = new ArrayList<>();
        for (int at = 0; at < records.length; ) {
            CodedInputStream in = CodedInputStream.newInstance(records, at, records.length - at);
            int length = in.readRawVarint32();
            int content = at + in.getTotalBytesRead();
            int end = content + length;
            if (length <= 0 || end < content || end > records.length - CHECKSUM_BYTES) {
                throw new CorruptStateException("a record's length in " + where + " is corrupt");
            }
            if (ByteBuffer.wrap(records).getInt(end) != checksum(records, at, end - at)) {
                throw new CorruptStateException("the checksum of a record in " + where + " is wrong");
            }
            entries.add(LogEntryProto.parseFrom(Arrays.copyOfRange(records, content, end)));
            at = end + CHECKSUM_BYTES;
        }
        return entries;
    }
}
