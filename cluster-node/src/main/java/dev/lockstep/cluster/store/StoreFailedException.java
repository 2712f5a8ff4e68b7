package dev.lockstep.cluster.store;

import org.jspecify.annotations.Nullable;

/** A store can't be read or written any more, or has been closed; the replica that lives on it must stop. */
public final class StoreFailedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean corrupt;

    /** @param corrupt whether the disk returns other bytes than were written, rather than being full or not answering */
    public StoreFailedException(String message, @Nullable Throwable cause, boolean corrupt) {
        super(message, cause);
        this.corrupt = corrupt;
    }

    /** Tells whether the disk returned other bytes than were written, rather than being full or not answering. */
    public boolean isCorrupt() {
        return corrupt;
    }
}
