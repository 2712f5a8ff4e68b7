package dev.lockstep.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.Checkpointed.LogPoint;
import dev.lockstep.cluster.checkpoint.Checkpointed.PositionedImage;
import dev.lockstep.cluster.consensus.RecordingMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlushCheckpointsTest {

    private static final int GROUP = 3;

    @TempDir
    Path home;

    private final RecordingMachine machine = new RecordingMachine();
    private final Queue<Runnable> writer = new ArrayDeque<>();
    private long position;

    /** A machine that has everything on the disk at once. */
    private final class AtOnce implements Checkpointed.Durable {

        @Override
        public @Nullable LogPoint reached() {
            return new LogPoint(1, position);
        }

        @Override
        public void forget() {}

        @Override
        public void term(long term) {}

        @Override
        public LogPoint flush() {
            return new LogPoint(1, position);
        }

        @Override
        public PositionedImage image() {
            return new PositionedImage(new LogPoint(1, position), machine.image());
        }
    }

    private static CheckpointId id(long position) {
        return new CheckpointId(GROUP, 1, position);
    }

    private void applyUpTo(long last) {
        while (position < last) {
            position++;
            machine.apply(position, new byte[10]);
        }
    }

    @Test
    void aFileIsWrittenWhenAFollowerAsksAndGivenOutUntilItIsBehindTheNewest() throws IOException {
        FlushCheckpoints checkpoints =
                new FlushCheckpoints(new CheckpointFolder(home, GROUP), machine, new AtOnce(), writer::add);
        applyUpTo(10);
        assertThat(checkpoints.toSend(id(10))).isNull();
        assertThat(checkpoints.toSend(id(10))).isNull();
        assertThat(writer).as("writes").hasSize(1);
        writer.remove().run();
        assertThat(checkpoints.toSend(id(10))).isEqualTo(id(10));

        applyUpTo(30); // as by a checkpoint that was fetched, before which the log has nothing
        assertThat(checkpoints.toSend(id(30))).isNull();
        writer.remove().run();
        assertThat(checkpoints.toSend(id(30))).isEqualTo(id(30));
        assertThat(checkpoints.toSend(id(20))).isEqualTo(id(30));
        assertThat(writer).isEmpty();
    }
}
