package dev.lockstep.protocol.wire;

/** Bytes that are no message of this protocol. The connection that brought them can't be trusted further. */
public class MalformedFrameException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public MalformedFrameException(String message) {
        super(message);
    }
}
