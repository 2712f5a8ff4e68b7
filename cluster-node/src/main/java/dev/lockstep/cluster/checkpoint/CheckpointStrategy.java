package dev.lockstep.cluster.checkpoint;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The way in which a replica keeps its state: how a checkpoint is taken, and what is read again at a start. */
interface CheckpointStrategy {

    /**
     * Makes the machine what was kept last. By the thread that applies, before the first entry.
     *
     * @return null if nothing was
     * @throws CorruptCheckpointException if something was, and it is not intact
     */
    @Nullable
    CheckpointId restore() throws IOException;

    /** Begins one of what the machine is now. By the thread that applies; quickly, since the rest can come later. */
    PendingCheckpoint begin(CheckpointId id);

    /**
     * A file to be sent to a follower that is too far behind; null if there is none yet. On any thread.
     *
     * @param newest checkpoint: the file is not behind it, since the log may begin there
     */
    @Nullable
    CheckpointId toSend(CheckpointId newest);

    /** A checkpoint that was begun and is not finished. */
    interface PendingCheckpoint {

        /** @return which one is on the disk now */
        CheckpointId finish() throws IOException;
    }
}
