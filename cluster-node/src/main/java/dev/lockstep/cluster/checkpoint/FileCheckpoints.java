package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.protocol.runtime.DutyCycle;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Checkpoints of a machine that is in memory alone: files, and the newest is also what is sent. */
final class FileCheckpoints implements CheckpointStrategy {

    private final CheckpointFolder folder;
    private final Checkpointed machine;
    private final DutyCycle pace;

    /** @param pace at which they are written */
    FileCheckpoints(CheckpointFolder folder, Checkpointed machine, DutyCycle pace) {
        this.folder = folder;
        this.machine = machine;
        this.pace = pace;
    }

    @Override
    public @Nullable CheckpointId restore() throws IOException {
        Restored restored = folder.restore(machine::restoration);
        if (restored == null) {
            return null;
        }
        folder.done(restored);
        return restored.id();
    }

    @Override
    public PendingCheckpoint begin(CheckpointId id) {
        Checkpointed.Image image = machine.image();
        return () -> {
            try (image) {
                folder.write(id, image::forEach, pace);
                return id;
            }
        };
    }

    @Override
    public CheckpointId toSend(CheckpointId newest) {
        return newest;
    }
}
