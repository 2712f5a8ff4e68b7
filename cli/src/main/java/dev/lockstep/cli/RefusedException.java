package dev.lockstep.cli;

/** Thrown when a command can't be done and nothing was changed: the message says why, and what to do. */
public final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public RefusedException(String message) {
        super(message);
    }
}
