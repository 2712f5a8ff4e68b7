package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecordingTest {

    @TempDir
    Path folder;

    private static Status refusal(Reply reply) {
        return ((Reply.Refused) reply).status();
    }

    @Test
    void aRecordingIsReadInPiecesOnceItIsOver() throws Exception {
        try (FlightRecording recording = new FlightRecording()) {
            assertThat(refusal(recording.read(0))).isEqualTo(Status.INVALID);
            assertThat(refusal(recording.start(new Request.StartRecording(999))))
                    .isEqualTo(Status.INVALID);
            assertThat(refusal(recording.start(new Request.StartRecording(600_001))))
                    .isEqualTo(Status.INVALID);

            assertThat(recording.start(new Request.StartRecording(600_000))).isEqualTo(new Reply.Done());
            assertThat(refusal(recording.start(new Request.StartRecording(1000))))
                    .isEqualTo(Status.BUSY);
            assertThat(refusal(recording.read(0))).isEqualTo(Status.BUSY);
            recording.close();
            assertThat(refusal(recording.read(0))).isEqualTo(Status.INVALID);

            assertThat(recording.start(new Request.StartRecording(1000))).isEqualTo(new Reply.Done());
            Eventually.holds("it is over", () -> recording.read(0) instanceof Reply.RecordingPiece);

            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            Reply.RecordingPiece piece;
            do {
                piece = (Reply.RecordingPiece) recording.read(whole.size());
                assertThat(piece.piece().size()).isLessThanOrEqualTo(FlightRecording.PIECE_BYTES);
                whole.write(piece.piece().array());
            } while (piece.piece().size() > 0);
            assertThat((long) whole.size()).isEqualTo(piece.total());
            assertThat(((Reply.RecordingPiece) recording.read(Long.MAX_VALUE))
                            .piece()
                            .size())
                    .isZero();
            Set<String> events =
                    RecordingFile.readAllEvents(Files.write(folder.resolve("recording.jfr"), whole.toByteArray()))
                            .stream()
                            .map(RecordedEvent::getEventType)
                            .map(type -> type.getName())
                            .collect(Collectors.toSet());
            assertThat(events)
                    .contains("jdk.ActiveSetting")
                    .doesNotContain(
                            "jdk.InitialEnvironmentVariable", "jdk.InitialSystemProperty", "jdk.JVMInformation");

            assertThat(recording.start(new Request.StartRecording(1000)))
                    .as("another")
                    .isEqualTo(new Reply.Done());
        }
    }
}
