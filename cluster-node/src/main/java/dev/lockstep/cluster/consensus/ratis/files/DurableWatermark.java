package dev.lockstep.cluster.consensus.ratis.files;

import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A durable lower bound of a replica's log end, term and vote: a log or vote behind it at a start has been truncated or lost. It
 * may lag behind the true state, but is never ahead of it.
 *
 * @param position the end of what is on the disk and committed; -1 if that is not known
 * @param term that it was in
 * @param votedFor the peer that it had voted for in that term; empty for none
 */
public record DurableWatermark(long position, long term, String votedFor) {

    /** The watermark of a replica of which nothing is known. */
    public static final DurableWatermark NONE = new DurableWatermark(-1, 0, "");

    private static final int CAPACITY = 64;

    /** Tells whether a vote is that of the watermark, or may have come after it. */
    boolean allows(long term, String votedFor) {
        return term > this.term || (term == this.term && (this.votedFor.isEmpty() || this.votedFor.equals(votedFor)));
    }

    /**
     * {@link #NONE} if there is no such file, or none that was on the disk when the power went off.
     *
     * @throws CorruptStateException when it is not what was written
     */
    static DurableWatermark read(Path file) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException none) {
            return NONE;
        }
        if (Arrays.equals(bytes, new byte[bytes.length])) {
            return NONE;
        }
        WireReader in = new WireReader(bytes);
        try {
            DurableWatermark mark = new DurableWatermark(in.i64(), in.i64(), in.string());
            if (in.i32() == checksum(mark.content())) {
                return mark;
            }
        } catch (MalformedFrameException ends) {
            // As if the checksum were wrong.
        }
        throw new CorruptStateException("the watermark file " + file + " is corrupt");
    }

    /**
     * Outlasts the process only: a machine that went down has either kept what is marked, and then an earlier mark does no harm, or not,
     * and then it does not count.
     */
    void write(Path file) throws IOException {
        WireWriter content = content();
        ByteBuffer bytes = ByteBuffer.wrap(content.i32(checksum(content)).toByteArray());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(bytes, 0);
            channel.truncate(bytes.limit());
        }
    }

    private WireWriter content() {
        return new WireWriter(CAPACITY).i64(position).i64(term).string(votedFor);
    }

    private static int checksum(WireWriter content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content.toByteArray());
        return (int) checksum.getValue();
    }
}
