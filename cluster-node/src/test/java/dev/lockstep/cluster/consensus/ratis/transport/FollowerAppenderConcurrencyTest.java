package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.concurrency.Race;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Entries, answers and ticks at once: one thread at a time works for the appender, and whatever is in the log is sent,
 * once and in order, though only the thread that brought the news notices it.
 */
@Tag("slow")
public class FollowerAppenderConcurrencyTest implements Race.Round {

    private final ScriptedLeader leader = new ScriptedLeader();

    @Override
    public List<List<Runnable>> lanes() {
        return List.of(
                List.of(leader::append),
                List.of(leader::append, leader::append, leader::tick),
                List.of(leader::answer),
                List.of(leader::answer));
    }

    @Override
    public void validate() {
        while (leader.answer()) {
            Thread.onSpinWait();
        }
        List<Long> all = LongStream.range(0, leader.size()).boxed().toList();
        String wrong = leader.wrong();
        List<Long> received = leader.received();
        leader.close();
        if (wrong != null) {
            throw new IllegalStateException(wrong);
        }
        if (!received.equals(all)) {
            throw new IllegalStateException("Of " + all.size() + " entries the follower was sent " + received);
        }
    }

    @Test
    void threads() throws Exception {
        Race.run(FollowerAppenderConcurrencyTest::new);
    }
}
