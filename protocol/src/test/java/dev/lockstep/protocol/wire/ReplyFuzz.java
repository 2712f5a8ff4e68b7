package dev.lockstep.protocol.wire;

/** A frame from a node, without its length: it is decoded, and comes back the same, or it is malformed. */
public final class ReplyFuzz {

    private ReplyFuzz() {}

    public static void fuzzerTestOneInput(byte[] body) {
        RequestFuzz.survives(
                body, FrameCodec::decodeReply, frame -> FrameCodec.encode(frame.correlationId(), frame.message()));
    }
}
