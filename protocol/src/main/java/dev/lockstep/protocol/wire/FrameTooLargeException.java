package dev.lockstep.protocol.wire;

/** A message that would not fit into the frame it was meant for. Nothing of it was sent. */
public final class FrameTooLargeException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public FrameTooLargeException(int maxBytes) {
        super("The message does not fit into a frame of " + maxBytes + " bytes");
    }
}
