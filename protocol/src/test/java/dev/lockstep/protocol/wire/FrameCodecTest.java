package dev.lockstep.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.FrameCodec.Frame;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FrameCodecTest {

    @ParameterizedTest
    @MethodSource("dev.lockstep.protocol.wire.Samples#requests")
    void aRequestSurvivesTheWire(Request request) {
        assertThat(FrameCodec.decodeRequest(body(FrameCodec.encode(42, request))))
                .isEqualTo(new Frame<>(42, request));
    }

    @ParameterizedTest
    @MethodSource("dev.lockstep.protocol.wire.Samples#replies")
    void aReplySurvivesTheWire(Reply reply) {
        assertThat(FrameCodec.decodeReply(body(FrameCodec.encode(1L << 40, reply))))
                .isEqualTo(new Frame<>(1L << 40, reply));
    }

    @ParameterizedTest
    @MethodSource("dev.lockstep.protocol.wire.Samples#requests")
    void aRequestCutShortIsMalformed(Request request) {
        byte[] body = body(FrameCodec.encode(42, request));
        for (int length = 0; length < body.length; length++) {
            byte[] cut = Arrays.copyOf(body, length);
            assertThatThrownBy(() -> FrameCodec.decodeRequest(cut)).isInstanceOf(MalformedFrameException.class);
        }
    }

    @Test
    void everyRequestAndReplyHasASample() {
        assertThat(Samples.requests().stream().map(Object::getClass))
                .containsAll(concrete(Request.class).toList());
        assertThat(Samples.replies().stream().map(Object::getClass).distinct())
                .hasSize(Reply.class.getPermittedSubclasses().length);
    }

    private static Stream<Class<?>> concrete(Class<?> type) {
        return type.isInterface()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(FrameCodecTest::concrete)
                : Stream.of(type);
    }

    @Test
    void changesForManyConnectionsAreEncodedOnce() {
        Reply.Changes changes = Samples.changes();
        FrameCodec.encode(1, changes);
        byte[] encoded = changes.encoded();
        for (int connection = 2; connection < 100; connection++) {
            FrameCodec.encode(connection, changes);
            assertThat(changes.encoded()).isSameAs(encoded);
        }
    }

    @Test
    void aRequestThatIsPassedOnPassesOnNoOther() {
        Request twice = new Request.PassOn(Samples.NODE, new Request.PassOn(Samples.OTHER, new Request.ListCaches()));
        byte[] body = body(FrameCodec.encode(1, twice));
        assertThatThrownBy(() -> FrameCodec.decodeRequest(body))
                .isInstanceOf(MalformedFrameException.class)
                .hasMessageContaining("no request 28");
    }

    @Test
    void bytesLeftOverAreMalformed() {
        byte[] body = body(FrameCodec.encode(1, new Reply.Done()));
        assertThatThrownBy(() -> FrameCodec.decodeReply(Arrays.copyOf(body, body.length + 1)))
                .isInstanceOf(MalformedFrameException.class)
                .hasMessageContaining("too many");
    }

    @Test
    void aListCanNotClaimMoreThanItsFrameHolds() {
        byte[] hostile =
                new WireWriter(16).varint(1).u8(18).varint(Integer.MAX_VALUE).toByteArray();
        assertThatThrownBy(() -> FrameCodec.decodeReply(hostile)).isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void noiseIsDecodedOrMalformedAndNothingElse() {
        Random random = new Random(107);
        int malformed = 0;
        for (int round = 0; round < 50_000; round++) {
            byte[] noise = new byte[random.nextInt(64)];
            random.nextBytes(noise);
            try {
                FrameCodec.decodeRequest(noise);
            } catch (MalformedFrameException expected) {
                malformed++;
            }
        }
        assertThat(malformed).isPositive();
    }

    private static byte[] body(byte[] frame) {
        assertThat(new WireReader(frame).i32()).isEqualTo(frame.length - 4);
        return Arrays.copyOfRange(frame, 4, frame.length);
    }
}
