package dev.lockstep.cluster.checkpoint;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a checkpoint of a replica is: how it comes about, and what of it is read again. */
interface CheckpointStrategy {

    /**
     * Makes the machine what was kept last. By the thread that applies, before the first entry.
     *
     * @return null if nothing was
     * @throws CorruptCheckpointException if something was, and it is not intact
     */
    @Nullable
    CheckpointId restore() throws IOException;

    /** The machine is what a file in the folder says that has come from another replica. By the thread that applies. */
    void became(CheckpointId id);

    /** Begins one of what the machine is now. By the thread that applies; quickly, since the rest can come later. */
    Rest begin(CheckpointId id);

    /** A file to be sent to who is too far behind; null if there is none yet. On any thread. */
    @Nullable
    CheckpointId toSend();

    /** What is left to be done of a checkpoint. */
    interface Rest {

        /** @return which one is on the disk now */
        CheckpointId finish() throws IOException;
    }
}
