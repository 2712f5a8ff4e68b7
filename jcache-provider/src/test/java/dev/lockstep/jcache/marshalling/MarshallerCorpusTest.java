package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.fuzz.Corpus;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The kept inputs of stored values. */
class MarshallerCorpusTest {

    @TestFactory
    Stream<DynamicTest> values() {
        return Corpus.replay("marshaller", MarshallerFuzz::fuzzerTestOneInput);
    }
}
