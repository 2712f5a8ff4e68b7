package dev.lockstep.protocol.scram;

/**
 * The refusal of a log-in, of a message of one, or of a verifier. The message has the reason; a node tells it to its log and not to
 * the other end.
 */
public final class ScramException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ScramException(String message) {
        super(message);
    }
}
