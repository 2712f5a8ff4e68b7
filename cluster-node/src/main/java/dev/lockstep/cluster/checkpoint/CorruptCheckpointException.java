package dev.lockstep.cluster.checkpoint;

import java.io.IOException;

/** The bytes are not those that were written as a checkpoint, or not all of them. */
public final class CorruptCheckpointException extends IOException {

    private static final long serialVersionUID = 1;

    public CorruptCheckpointException(String message) {
        super(message);
    }

    public CorruptCheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
