package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.fuzz.Corpus;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The kept inputs of the two ends of a connection. */
class StreamCorpusTest {

    @TestFactory
    Stream<DynamicTest> whatANodeMayHear() {
        return Corpus.replay("server-stream", ServerStreamFuzz::fuzzerTestOneInput);
    }

    @TestFactory
    Stream<DynamicTest> whatAClientMayHear() {
        return Corpus.replay("client-stream", ClientStreamFuzz::fuzzerTestOneInput);
    }
}
