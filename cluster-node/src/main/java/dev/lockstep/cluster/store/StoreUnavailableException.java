package dev.lockstep.cluster.store;

import java.io.IOException;

/** The failure to provide a kind of store on this machine; the message says why, and what to do. */
public final class StoreUnavailableException extends IOException {

    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
