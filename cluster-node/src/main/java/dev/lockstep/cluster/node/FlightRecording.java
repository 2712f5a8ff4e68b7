package dev.lockstep.cluster.node;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.text.ParseException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;

/**
 * The recordings of what this JVM does, one after another, by JDK Flight Recorder. The last one is kept in a temporary file until the next
 * begins or this is closed. Not thread-safe; its calls may wait for the disk.
 */
final class FlightRecording implements AutoCloseable {

    /** The largest piece that is read at once. */
    static final int PIECE_BYTES = 256 * 1024;

    private static final long MAX_BYTES = 64L * 1024 * 1024;
    /** The events in which passwords may be: of the environment, and of command lines. */
    private static final List<String> WITH_SECRETS = List.of(
            "jdk.InitialEnvironmentVariable", "jdk.InitialSystemProperty", "jdk.JVMInformation", "jdk.SystemProcess");

    private static final int BUSY_MILLIS = 500;

    private @Nullable Recording recording;
    private @Nullable Path file;

    /** Begins a recording, and drops the last one. */
    Reply start(Request.StartRecording request) {
        if (request.millis() < 1000 || request.millis() > Request.StartRecording.MAX_MILLIS) {
            return Reply.Refused.of(
                    Status.INVALID,
                    request.millis() + " ms: a recording takes from a second to "
                            + Duration.ofMillis(Request.StartRecording.MAX_MILLIS)
                                    .toMinutes() + " minutes");
        }
        if (isUnderWay()) {
            return new Reply.Refused(Status.BUSY, "Another recording of this node is under way", BUSY_MILLIS, null);
        }
        close();
        try {
            Path into = Files.createTempFile("lockstep-", ".jfr");
            file = into;
            Recording begun = new Recording(Configuration.getConfiguration("profile"));
            recording = begun;
            WITH_SECRETS.forEach(begun::disable);
            begun.setName("lockstep");
            begun.setMaxSize(MAX_BYTES);
            begun.setDuration(Duration.ofMillis(request.millis()));
            begun.setDestination(into);
            begun.start();
            return new Reply.Done();
        } catch (IOException | ParseException | IllegalStateException failure) {
            close();
            return Reply.Refused.of(Status.INVALID, "This node's JVM can't record: " + failure);
        }
    }

    private boolean isUnderWay() {
        Recording last = recording;
        return last != null && last.getState() != RecordingState.CLOSED; // once the file is written
    }

    /** Reads a piece of the last recording. */
    Reply read(long offset) {
        Path from = file;
        if (from == null) {
            return Reply.Refused.of(Status.INVALID, "There is no recording of this node");
        }
        if (isUnderWay()) {
            return new Reply.Refused(Status.BUSY, "The recording is under way", BUSY_MILLIS, null);
        }
        try (FileChannel channel = FileChannel.open(from, StandardOpenOption.READ)) {
            long total = channel.size();
            ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, Math.max(0, total - offset)));
            while (piece.hasRemaining() && channel.read(piece, offset + piece.position()) >= 0) {
                // A file may be read in several parts.
            }
            return new Reply.RecordingPiece(total, Bytes.of(Arrays.copyOf(piece.array(), piece.position())));
        } catch (IOException failure) {
            return Reply.Refused.of(Status.INVALID, "The recording can't be read: " + failure);
        }
    }

    @Override
    public void close() {
        Recording last = recording;
        recording = null;
        if (last != null) {
            last.close();
        }
        Path left = file;
        file = null;
        if (left != null) {
            try {
                Files.deleteIfExists(left);
            } catch (IOException kept) {
                // It is in the folder of temporary files, which the host empties.
            }
        }
    }
}
