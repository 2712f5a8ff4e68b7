package dev.lockstep.cluster.consensus;

import org.jspecify.annotations.Nullable;

/** The entry was appended, or may have been: it can still be applied, or never. */
public final class UnknownOutcomeException extends Exception {

    private static final long serialVersionUID = 1;

    public UnknownOutcomeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
