package dev.lockstep.cluster.store;

import java.io.IOException;

/** There can be no such store here; the message says why, and what to do. */
public final class StoreUnavailableException extends IOException {

    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
