package dev.lockstep.cluster.snapshot;

import dev.lockstep.cluster.snapshot.CheckpointFolder.Restored;
import dev.lockstep.protocol.runtime.Pace;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Checkpoints of a machine that is in memory alone: files, and the newest is also what is sent. */
final class FileKeeping implements Keeping {

    private final CheckpointFolder folder;
    private final Checkpointed machine;
    private final Pace pace;
    private volatile @Nullable CheckpointId newest;

    /** @param pace at which they are written */
    FileKeeping(CheckpointFolder folder, Checkpointed machine, Pace pace) {
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
        newest = restored.id();
        return restored.id();
    }

    @Override
    public void became(CheckpointId id) {
        newest = id;
    }

    @Override
    public Rest begin(CheckpointId id) {
        Checkpointed.Image image = machine.image();
        return () -> {
            try (image) {
                folder.write(id, image::forEach, pace);
                newest = id;
                return id;
            }
        };
    }

    @Override
    public @Nullable CheckpointId toSend() {
        return newest;
    }
}
