package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.Checkpointed.LogPoint;
import dev.lockstep.protocol.runtime.DutyCycle;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints of a machine that keeps what it is by itself: to take one is to have it flushed. A file is written only
 * when a follower asks for one, and deleted with the next checkpoint.
 */
final class FlushCheckpoints implements CheckpointStrategy {

    private static final Logger LOG = LoggerFactory.getLogger(FlushCheckpoints.class);

    private final CheckpointFolder folder;
    private final Checkpointed machine;
    private final Checkpointed.Durable durable;
    private final Executor writer;
    private final AtomicBoolean writing = new AtomicBoolean();
    private volatile @Nullable CheckpointId file;

    FlushCheckpoints(CheckpointFolder folder, Checkpointed machine, Checkpointed.Durable durable, Executor writer) {
        this.folder = folder;
        this.machine = machine;
        this.durable = durable;
        this.writer = writer;
    }

    /** A file may be newer than the machine: when it had just come from another replica, or was written by a machine in memory. */
    @Override
    public @Nullable CheckpointId restore() throws IOException {
        CheckpointId reached = durable.reached() == null ? null : id(durable.reached());
        CheckpointId newest = folder.newest();
        if (newest == null || (reached != null && newest.position() <= reached.position())) {
            return reached;
        }
        Restored restored = folder.restore(machine::restoration);
        if (restored == null) {
            return reached;
        }
        durable.term(restored.id().term());
        folder.done(restored);
        return restored.id();
    }

    private CheckpointId id(LogPoint point) {
        return folder.id(point.term(), point.position());
    }

    @Override
    public PendingCheckpoint begin(CheckpointId id) {
        return () -> {
            CheckpointId flushed = id(durable.flush());
            file = null;
            folder.empty();
            return flushed;
        };
    }

    @Override
    public @Nullable CheckpointId toSend(CheckpointId newest) {
        CheckpointId ready = file;
        if (ready != null && ready.position() >= newest.position()) {
            return ready;
        }
        if (writing.compareAndSet(false, true)) {
            writer.execute(this::write);
        }
        return null;
    }

    private void write() {
        try {
            Checkpointed.PositionedImage placed = durable.image();
            try (Checkpointed.Image image = placed.image()) {
                CheckpointId id = id(placed.point());
                folder.write(id, image::forEach, DutyCycle.full()); // a follower waits for it
                file = id;
            }
        } catch (IOException | RuntimeException failure) {
            LOG.error(
                    "A checkpoint of group {} could not be written for a replica that requested it",
                    folder.group(),
                    failure);
        } finally {
            writing.set(false);
        }
    }
}
