package dev.lockstep.cluster.store;

import org.jspecify.annotations.Nullable;

/** A store can't be read or written any more, or has been closed; the replica that lives on it must stop. */
public final class StoreFailedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public StoreFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
