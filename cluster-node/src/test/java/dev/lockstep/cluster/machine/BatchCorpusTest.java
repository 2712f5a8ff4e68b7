package dev.lockstep.cluster.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.fuzz.Corpus;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.UnknownFormatException;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The kept entries of shards' logs. */
class BatchCorpusTest {

    @TestFactory
    Stream<DynamicTest> batches() {
        return Corpus.replay("batch", BatchFuzz::fuzzerTestOneInput);
    }

    @Test
    void eachCommandIsAmongTheInputs() {
        Set<Class<?>> commands = new HashSet<>();
        Corpus.inputs("batch").stream().map(Corpus::read).forEach(entry -> {
            try {
                BatchCodec.decode(entry).commands().forEach(command -> commands.add(command.getClass()));
            } catch (MalformedFrameException kept) {
                assertThat(kept).hasMessageMatching("(?s).+");
            }
        });
        assertThat(commands).containsExactlyInAnyOrder(Command.class.getPermittedSubclasses());
    }

    @Test
    void anEntryOfAnotherFormatIsRefusedNamingBoth() {
        byte[] older = Corpus.inputs("batch").stream()
                .filter(input -> input.endsWith("format-1"))
                .map(Corpus::read)
                .findFirst()
                .orElseThrow();
        assertThatThrownBy(() -> BatchCodec.decode(older))
                .isInstanceOf(UnknownFormatException.class)
                .hasMessageContaining("format 1")
                .hasMessageContaining("reads format 4: it was written by an older version. Start the node with");
    }
}
