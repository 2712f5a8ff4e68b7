package dev.lockstep.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.fuzz.Corpus;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The kept inputs of the two targets of frames. */
class FrameCorpusTest {

    @TestFactory
    Stream<DynamicTest> requests() {
        return Corpus.replay("request", RequestFuzz::fuzzerTestOneInput);
    }

    @TestFactory
    Stream<DynamicTest> replies() {
        return Corpus.replay("reply", ReplyFuzz::fuzzerTestOneInput);
    }

    @Test
    void eachRequestAndEachReplyIsAmongTheInputs() {
        assertThat(decoded("request", body -> FrameCodec.decodeRequest(body).message()))
                .containsAll(classes(Samples.requests().stream()));
        assertThat(decoded("reply", body -> FrameCodec.decodeReply(body).message()))
                .containsAll(classes(Samples.replies().stream()));
    }

    @Test
    void theStreamsOfAllMessagesAreUnderstood() {
        assertThat(frames("server-stream", "requests")
                        .map(body -> FrameCodec.decodeRequest(body).message()))
                .hasSizeGreaterThan(20);
        assertThat(frames("server-stream", "hello-and-requests")
                        .map(body -> FrameCodec.decodeRequest(body).message()))
                .hasSizeGreaterThan(20);
        assertThat(frames("client-stream", "all-replies")
                        .map(body -> FrameCodec.decodeReply(body).message()))
                .hasSizeGreaterThan(20);
    }

    /** Cuts a stream by the lengths before each frame, behind the two bytes that say how to feed it. */
    private static Stream<byte[]> frames(String target, String input) {
        ByteBuffer stream = ByteBuffer.wrap(Corpus.read(Corpus.folder(target).resolve(input)));
        stream.position(2);
        List<byte[]> frames = new ArrayList<>();
        while (stream.hasRemaining()) {
            byte[] frame = new byte[stream.getInt()];
            stream.get(frame);
            frames.add(frame);
        }
        return frames.stream();
    }

    private static Set<Class<?>> classes(Stream<?> messages) {
        Set<Class<?>> classes = new HashSet<>();
        messages.forEach(message -> classes.add(message.getClass()));
        return classes;
    }

    private static Set<Class<?>> decoded(String target, Function<byte[], Object> decode) {
        return classes(Corpus.inputs(target).stream().map(Corpus::read).flatMap(body -> {
            try {
                return Stream.of(decode.apply(body));
            } catch (MalformedFrameException kept) {
                return Stream.empty();
            }
        }));
    }
}
