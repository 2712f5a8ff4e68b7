package dev.lockstep.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.FrameCodec.Frame;
import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/** Whatever can be said survives the wire; cut short it is malformed; with a bit turned it is read or malformed. */
class FramePropertiesTest {

    @Provide
    static Arbitrary<Request> requests() {
        return Messages.requests();
    }

    @Provide
    static Arbitrary<Reply> replies() {
        return Messages.replies();
    }

    @Property(tries = 500)
    void aRequestSurvives(@ForAll long id, @ForAll("requests") Request request) {
        byte[] body = body(FrameCodec.encode(id, request));
        assertThat(FrameCodec.decodeRequest(body)).isEqualTo(new Frame<>(id, request));
    }

    @Property(tries = 500)
    void aReplySurvives(@ForAll long id, @ForAll("replies") Reply reply) {
        byte[] body = body(FrameCodec.encode(id, reply));
        assertThat(FrameCodec.decodeReply(body)).isEqualTo(new Frame<>(id, reply));
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
    void aRequestCutShortIsMalformed(@ForAll("requests") Request request, @ForAll @IntRange(max = 9_999) int at) {
        byte[] body = body(FrameCodec.encode(1, request));
        byte[] cut = Arrays.copyOf(body, at % body.length);
        assertThatThrownBy(() -> FrameCodec.decodeRequest(cut)).isInstanceOf(MalformedFrameException.class);
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
    void aReplyCutShortIsMalformed(@ForAll("replies") Reply reply, @ForAll @IntRange(max = 9_999) int at) {
        byte[] body = body(FrameCodec.encode(1, reply));
        byte[] cut = Arrays.copyOf(body, at % body.length);
        assertThatThrownBy(() -> FrameCodec.decodeReply(cut)).isInstanceOf(MalformedFrameException.class);
    }

    @Property(tries = 500)
    void aTurnedBitIsReadOrMalformed(
            @ForAll("requests") Request request,
            @ForAll("replies") Reply reply,
            @ForAll @IntRange(max = 99_999) int bit) {
        RequestFuzz.fuzzerTestOneInput(turned(body(FrameCodec.encode(1, request)), bit));
        ReplyFuzz.fuzzerTestOneInput(turned(body(FrameCodec.encode(1, reply)), bit));
    }

    private static byte[] turned(byte[] body, int bit) {
        int at = (bit / 8) % body.length;
        body[at] = (byte) (body[at] ^ (1 << (bit % 8)));
        return body;
    }

    private static byte[] body(byte[] frame) {
        return Arrays.copyOfRange(frame, 4, frame.length);
    }
}
