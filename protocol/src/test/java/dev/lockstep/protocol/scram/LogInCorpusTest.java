package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.fuzz.Corpus;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The kept inputs of log-ins. */
class LogInCorpusTest {

    @TestFactory
    Stream<DynamicTest> logIns() {
        return Corpus.replay("log-in", LogInFuzz::fuzzerTestOneInput);
    }
}
