package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.fuzz.Corpus;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The kept inputs of the configuration's two targets. */
class SettingsCorpusTest {

    @TestFactory
    Stream<DynamicTest> files() {
        return Corpus.replay("settings", SettingsFuzz::fuzzerTestOneInput);
    }

    @TestFactory
    Stream<DynamicTest> uris() {
        return Corpus.replay("uri", UriFuzz::fuzzerTestOneInput);
    }
}
