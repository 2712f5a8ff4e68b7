package dev.lockstep.cluster.consensus.ratis.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.CorruptCheckpointException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.junit.jupiter.api.Test;

class CorruptionClassifierTest {

    private static final String READER = "org.apache.ratis.server.raftlog.segmented.SegmentedRaftLogReader";

    private static IOException opening(Throwable cause) {
        return new IOException("failed opening it", new IllegalStateException("Failed to initRaftLog.", cause));
    }

    private static Throwable assertion(String where) {
        return thrownBy(where, new IllegalStateException("Found a gap between logs"));
    }

    private static Throwable thrownBy(String where, Throwable thrown) {
        thrown.setStackTrace(new StackTraceElement[] {
            new StackTraceElement("org.apache.ratis.util.Preconditions", "assertTrue", "Preconditions.java", 72),
            new StackTraceElement(where, "validateAdding", "Where.java", 1)
        });
        return thrown;
    }

    @Test
    void bytesOtherThanThoseWrittenAreCorruption() {
        assertThat(CorruptionClassifier.of(opening(new ChecksumException("Log entry corrupted", 8))))
                .isEqualTo("Log entry corrupted");
        assertThat(CorruptionClassifier.of(opening(new EOFException("short")))).isEqualTo("short");
        assertThat(CorruptionClassifier.of(
                        opening(assertion("org.apache.ratis.server.raftlog.segmented.SegmentedRaftLogCache"))))
                .isEqualTo("Found a gap between logs");
        assertThat(CorruptionClassifier.of(
                        opening(thrownBy(READER, new IOException("Read extra bytes after the terminator")))))
                .isEqualTo("Read extra bytes after the terminator");
        var checkpoint = new CorruptCheckpointException("no manifest", new IllegalArgumentException("tag 0"));
        assertThat(CorruptionClassifier.of(new IOException("failed opening it", checkpoint)))
                .isNotNull();
        assertThat(CorruptionClassifier.isOfCheckpoints(new IOException("failed opening it", checkpoint)))
                .isTrue();
        assertThat(CorruptionClassifier.isOfCheckpoints(opening(new EOFException("short"))))
                .isFalse();
    }

    @Test
    void otherThingsAreNoReasonToPutAnythingAside() {
        for (Throwable other : List.of(
                new AccessDeniedException("raft"),
                new OverlappingFileLockException(),
                thrownBy("java.io.FileInputStream", new IOException("Input/output error")),
                assertion("dev.lockstep.cluster.shard.ReplicaState"),
                new NullPointerException("of ours"))) {
            assertThat(CorruptionClassifier.of(opening(other)))
                    .as(other.toString())
                    .isNull();
        }
    }
}
