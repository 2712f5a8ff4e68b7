package dev.lockstep.protocol.wire;

/**
 * Frames: four bytes of length (of what follows), the correlation id as a varint, then the message. The length is
 * checked by the reader, before anything is allocated. Stateless.
 */
public final class FrameCodec {

    /** The only version there is. */
    public static final int VERSION = 1;
    /** Largest frame before the handshake is done. */
    public static final int MAX_HANDSHAKE_BYTES = 64 * 1024;
    /** Largest frame afterwards, unless configured otherwise. */
    public static final int DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

    /** Largest key and value together: an entry has to fit into one entry of the Raft log. */
    public static final int MAX_ENTRY_BYTES = 4 * 1024 * 1024;

    private static final int LENGTH_BYTES = 4;

    private FrameCodec() {}

    /** A message and the id that ties replies to their request. */
    public record Frame<M>(long correlationId, M message) {}

    /** A whole frame, its length included. */
    public static byte[] encode(long correlationId, Request request) {
        WireWriter out = begin(correlationId);
        RequestCodec.write(out, request);
        return finish(out);
    }

    /** A whole frame, its length included. */
    public static byte[] encode(long correlationId, Reply reply) {
        return encode(correlationId, reply, DEFAULT_MAX_BYTES);
    }

    /**
     * A whole frame, its length included.
     *
     * @param maxBytes of the frame without its length
     * @throws FrameTooLargeException when the reply needs more
     */
    public static byte[] encode(long correlationId, Reply reply, int maxBytes) {
        WireWriter out = new WireWriter(128, LENGTH_BYTES + maxBytes).i32(0).varint(correlationId);
        ReplyCodec.write(out, reply);
        return finish(out);
    }

    /** Decodes a frame without its length. */
    public static Frame<Request> decodeRequest(byte[] body) {
        WireReader in = new WireReader(body);
        Frame<Request> frame = new Frame<>(in.varint(), RequestCodec.read(in));
        in.end();
        return frame;
    }

    /** Decodes a frame without its length. */
    public static Frame<Reply> decodeReply(byte[] body) {
        WireReader in = new WireReader(body);
        Frame<Reply> frame = new Frame<>(in.varint(), ReplyCodec.read(in));
        in.end();
        return frame;
    }

    private static WireWriter begin(long correlationId) {
        return new WireWriter(128).i32(0).varint(correlationId);
    }

    private static byte[] finish(WireWriter out) {
        out.i32At(0, out.size() - LENGTH_BYTES);
        return out.toByteArray();
    }
}
