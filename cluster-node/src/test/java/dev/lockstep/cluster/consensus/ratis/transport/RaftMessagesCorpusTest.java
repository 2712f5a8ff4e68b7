package dev.lockstep.cluster.consensus.ratis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.fuzz.Corpus;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The kept messages of Raft servers. */
class RaftMessagesCorpusTest {

    @TestFactory
    Stream<DynamicTest> messages() {
        return Corpus.replay("raft", RaftMessagesFuzz::fuzzerTestOneInput);
    }

    @Test
    void eachKindIsAmongTheInputsThatRaftAnswers() throws IOException {
        Set<RaftMessages.Kind> answered = EnumSet.noneOf(RaftMessages.Kind.class);
        for (var input : Corpus.inputs("raft")) {
            Bytes message = Bytes.of(Corpus.read(input));
            if (RaftMessagesFuzz.served(message) instanceof Reply.FromLog) {
                answered.add(RaftMessages.kind(message));
            }
        }
        assertThat(answered).containsExactlyInAnyOrder(RaftMessages.Kind.values());
    }
}
