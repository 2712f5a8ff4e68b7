package dev.lockstep.cluster.consensus;

/** The entry is larger than the log takes: it was certainly not appended, and never will be. */
public final class EntryTooLargeException extends Exception {

    private static final long serialVersionUID = 1;

    public EntryTooLargeException(int bytes, int maxBytes) {
        super("An entry of " + bytes + " bytes is larger than the log takes: " + maxBytes);
    }
}
