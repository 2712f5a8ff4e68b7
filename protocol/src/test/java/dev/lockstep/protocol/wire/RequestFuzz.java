package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.wire.FrameCodec.Frame;
import java.util.Arrays;
import java.util.function.Function;

/** A frame from a client, without its length: it is decoded, and comes back the same, or it is malformed. */
public final class RequestFuzz {

    private static final int FIXED_BYTES = 64 * 1024;
    /** The worst that memory can be of its bytes: a list of empty keys, one byte each. */
    private static final int BYTES_A_BYTE = 96;

    private RequestFuzz() {}

    public static void fuzzerTestOneInput(byte[] body) {
        survives(body, FrameCodec::decodeRequest, frame -> FrameCodec.encode(frame.correlationId(), frame.message()));
    }

    static <M> void survives(byte[] body, Function<byte[], Frame<M>> decode, Function<Frame<M>, byte[]> encode) {
        Frame<M> frame;
        try {
            frame = Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * body.length, () -> decode.apply(body));
        } catch (MalformedFrameException refused) {
            return;
        }
        byte[] encoded = encode.apply(frame);
        Frame<M> again = decode.apply(Arrays.copyOfRange(encoded, 4, encoded.length));
        if (!again.equals(frame)) {
            throw new AssertionError(frame + " came back as " + again);
        }
    }
}
