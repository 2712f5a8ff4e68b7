package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Status;
import org.jspecify.annotations.Nullable;

/** A request was refused, or its outcome is unknown. The status says whether it may be sent again (promise P8). */
public final class RequestFailedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Status status;

    public RequestFailedException(Status status, String message) {
        super(message);
        this.status = status;
    }

    public RequestFailedException(Status status, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    public Status status() {
        return status;
    }
}
