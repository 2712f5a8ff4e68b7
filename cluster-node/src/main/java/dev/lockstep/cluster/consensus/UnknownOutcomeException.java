package dev.lockstep.cluster.consensus;

/** The entry was appended, or may have been: it can still be applied, or never. */
public final class UnknownOutcomeException extends Exception {

    private static final long serialVersionUID = 1;

    public UnknownOutcomeException(String message, Throwable cause) {
        super(message, cause);
    }
}
