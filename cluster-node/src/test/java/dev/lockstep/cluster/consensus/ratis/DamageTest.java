package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.snapshot.CorruptCheckpointException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.junit.jupiter.api.Test;

class DamageTest {

    private static IOException opening(Throwable cause) {
        return new IOException(
                "failed opening it", new IllegalStateException("n1@group-7: Failed to initRaftLog.", cause));
    }

    @Test
    void whatIsNotWhatWasWrittenIsDamage() {
        assertThat(Damage.of(opening(new ChecksumException("Log entry corrupted", 8))))
                .isEqualTo("Log entry corrupted");
        assertThat(Damage.of(opening(new EOFException("short")))).isEqualTo("short");
        assertThat(Damage.of(opening(new IllegalStateException("gap between entries"))))
                .isNotNull();
        var checkpoint = new CorruptCheckpointException("no manifest", new IllegalArgumentException("tag 0"));
        assertThat(Damage.of(new IOException("failed opening it", checkpoint))).isNotNull();
        assertThat(Damage.isOfCheckpoints(new IOException("failed opening it", checkpoint)))
                .isTrue();
        assertThat(Damage.isOfCheckpoints(opening(new EOFException("short")))).isFalse();
    }

    @Test
    void otherThingsAreNoReasonToPutAnythingAside() {
        for (Throwable other : List.of(
                new AccessDeniedException("raft"),
                new OverlappingFileLockException(),
                new IOException("No space left on device"),
                new NullPointerException("of ours"))) {
            assertThat(Damage.of(opening(other))).as(other.toString()).isNull();
        }
        assertThat(Damage.of(new IOException("failed opening it", new IllegalStateException("of ours"))))
                .isNull();
    }
}
