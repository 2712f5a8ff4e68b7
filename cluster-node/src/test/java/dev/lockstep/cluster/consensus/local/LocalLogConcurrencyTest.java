package dev.lockstep.cluster.consensus.local;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.concurrency.Race;
import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Threads that propose at once: their entries are applied by one of them at a time, which sees what the one before did, each once,
 * those of a thread in its order, and each is answered.
 */
@Tag("slow")
public class LocalLogConcurrencyTest implements Race.Round {

    private static final int THREADS = 3;
    private static final NodeId SELF = new NodeId("alone");

    private final Machine machine = new Machine();
    private final ReplicatedLog<Integer, Integer> log = new LocalConsensus(SELF).open(0, List.of(SELF), machine);
    private final AtomicInteger numbers = new AtomicInteger();
    private final List<Queue<Proposed>> proposed = new ArrayList<>();

    private record Proposed(int number, CompletableFuture<Integer> answer) {}

    public LocalLogConcurrencyTest() {
        for (int thread = 0; thread < THREADS; thread++) {
            proposed.add(new ConcurrentLinkedQueue<>());
        }
    }

    /** Answers how many entries there have been. Its list is as little synchronised as a shard's machine. */
    private static final class Machine implements LogMachine<Integer, Integer> {

        private final List<Integer> applied = new ArrayList<>();
        private final AtomicBoolean busy = new AtomicBoolean();
        private final AtomicReference<@Nullable String> wrong = new AtomicReference<>();

        @Override
        public byte[] encode(Integer entry) {
            throw new UnsupportedOperationException("No entry of a log in memory is encoded");
        }

        @Override
        public Integer decode(byte[] bytes) {
            throw new UnsupportedOperationException("No entry of a log in memory is encoded");
        }

        @Override
        public Integer apply(long position, Integer entry) {
            if (!busy.compareAndSet(false, true)) {
                wrong.set("Two threads apply");
            }
            applied.add(entry);
            if (applied.size() != position) {
                wrong.set("At " + position + " there are " + applied.size() + " entries");
            }
            busy.set(false);
            return applied.size();
        }

        @Override
        public void leadershipChanged() {}

        @Override
        public Image image() {
            throw new UnsupportedOperationException("A log in memory has no checkpoints");
        }

        @Override
        public Restoration restoration() {
            throw new UnsupportedOperationException("A log in memory has no checkpoints");
        }
    }

    private void propose(int thread) {
        int number = numbers.incrementAndGet();
        proposed.get(thread).add(new Proposed(number, log.propose(number)));
    }

    @Override
    public List<List<Runnable>> lanes() {
        List<List<Runnable>> lanes = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int own = thread;
            lanes.add(List.of(() -> propose(own)));
        }
        return lanes;
    }

    @Override
    public void validate() {
        String wrong = machine.wrong.get();
        if (wrong != null) {
            throw new IllegalStateException(wrong);
        }
        if (machine.applied.size() != numbers.get()) {
            throw new IllegalStateException(numbers + " were proposed, and applied: " + machine.applied);
        }
        for (Queue<Proposed> ofThread : proposed) {
            int before = 0;
            for (Proposed one : ofThread) {
                Integer place = one.answer().getNow(0);
                if (place <= before || !machine.applied.get(place - 1).equals(one.number())) {
                    throw new IllegalStateException(
                            one.number() + " is answered " + place + " after " + before + ": " + machine.applied);
                }
                before = place;
            }
        }
    }

    @Test
    void threads() throws Exception {
        Race.run(LocalLogConcurrencyTest::new);
    }
}
