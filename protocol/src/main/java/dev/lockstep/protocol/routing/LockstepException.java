package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.wire.Status;

/** A request was refused, or its outcome is unknown. The status says whether it may be sent again (promise P8). */
public final class LockstepException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Status status;

    public LockstepException(Status status, String message) {
        super(message);
        this.status = status;
    }

    public LockstepException(Status status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    public Status status() {
        return status;
    }
}
