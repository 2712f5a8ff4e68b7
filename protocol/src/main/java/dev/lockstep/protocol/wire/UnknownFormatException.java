package dev.lockstep.protocol.wire;

/** Data that another version of Lockstep has written, in a format that this one does not read. They are not damaged, and must be kept. */
public final class UnknownFormatException extends MalformedFrameException {

    private static final long serialVersionUID = 1L;

    /** @param message that names both versions, and what to do */
    public UnknownFormatException(String message) {
        super(message);
    }

    /**
     * Requires the one format that is read.
     *
     * @param what the data are, as the beginning of a sentence
     */
    public static void require(String what, int found, int known) {
        if (found != known) {
            throw new UnknownFormatException(message(what, found, known));
        }
    }

    /** Names both formats, and what to do. */
    public static String message(String what, int found, int known) {
        return what + " has format " + found + ", and this version of Lockstep reads format " + known
                + ": it was written by " + (found > known ? "a newer" : "an older")
                + " version. Start the node with the version that it ran last; operations.md says how to go on from there";
    }
}
