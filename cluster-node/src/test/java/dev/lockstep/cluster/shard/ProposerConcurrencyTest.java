package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.UnknownOutcomeException;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.ManualReplicatedLog;
import dev.lockstep.protocol.concurrency.Race;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Status;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Commands proposed while batches are answered: one batch is in flight, no larger than what may wait; each command that is not
 * refused as busy is in one batch, behind those that its thread proposed before, and has the outcome of its place there.
 */
@Tag("slow")
public class ProposerConcurrencyTest implements Race.Round {

    private static final int MAX_WAITING = 2;
    private static final NodeId SELF = new NodeId("a");

    private final ManualReplicatedLog<Batch, List<Outcome>> log = new ManualReplicatedLog<>(SELF, Set.of(SELF));
    private final Proposer proposer = new Proposer(
            log,
            commands -> new Batch(0, 0, 0, commands),
            MAX_WAITING,
            new EvictionAdvisor(HeapStore::new, cache -> null, new CapacityShares(() -> 1), () -> 0),
            Time.system());
    private final AtomicInteger numbers = new AtomicInteger();
    private final AtomicInteger positions = new AtomicInteger();
    private final Queue<Proposed> proposals = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> logged = new ConcurrentLinkedQueue<>();
    private final AtomicReference<String> wrong = new AtomicReference<>();

    private record Proposed(int thread, int number, CompletableFuture<Outcome> outcome) {}

    public void propose(int thread) {
        int number = numbers.incrementAndGet();
        var outcome = proposer.propose(List.of(new Command.Drop(number))).outcome();
        proposals.add(new Proposed(thread, number, outcome));
    }

    public void tick(int thread) {
        proposals.add(new Proposed(
                thread, 0, proposer.propose(List.of(new Command.Tick())).outcome()));
    }

    public void apply() {
        ManualReplicatedLog.Proposed<Batch, List<Outcome>> next = log.take();
        if (next != null) {
            var outcomes = note(next);
            next.answer().complete(outcomes);
        }
    }

    public void lose() {
        ManualReplicatedLog.Proposed<Batch, List<Outcome>> next = log.take();
        if (next != null) {
            note(next);
            next.answer().completeExceptionally(new UnknownOutcomeException("lost", null));
        }
    }

    /** Each command's outcome carries its number. */
    private List<Outcome> note(ManualReplicatedLog.Proposed<Batch, List<Outcome>> batch) {
        if (log.take() != null) {
            wrong.set("Two batches are in flight");
        }
        List<Command> commands = batch.entry().commands();
        if (commands.size() > MAX_WAITING) {
            wrong.set(commands.size() + " commands have waited");
        }
        positions.incrementAndGet();
        commands.forEach(command -> logged.add(command instanceof Command.Drop drop ? drop.cacheId() : 0));
        return commands.stream()
                .<Outcome>map(command -> new Outcome.Written(
                        command instanceof Command.Drop drop ? drop.cacheId() : 0, positions.get(), List.of()))
                .toList();
    }

    @Override
    public void validate() {
        for (int i = 0; i < 20; i++) {
            apply();
        }
        List<Integer> order =
                List.copyOf(logged).stream().filter(number -> number > 0).toList();
        if (new HashSet<>(order).size() != order.size()) {
            wrong.set("Twice in the log: " + order);
        }
        proposals.forEach(proposed -> judge(proposed, order));
        for (int thread = 0; thread < 4; thread++) {
            inOrder(thread, order);
        }
        if (wrong.get() != null) {
            throw new IllegalStateException(wrong.get());
        }
    }

    private void judge(Proposed proposed, List<Integer> order) {
        Outcome outcome = proposed.outcome().getNow(null);
        boolean busy = outcome instanceof Outcome.Refused refused && refused.status() == Status.BUSY;
        if (outcome == null) {
            wrong.set("Nobody answered " + proposed);
        } else if (proposed.number() > 0 && busy == order.contains(proposed.number())) {
            wrong.set(proposed + " is " + (busy ? "in the log, but refused" : "lost"));
        } else if (outcome instanceof Outcome.Written written && written.position() != proposed.number()) {
            wrong.set(proposed + " has another's outcome");
        }
    }

    private void inOrder(int thread, List<Integer> order) {
        int[] places = proposals.stream()
                .filter(proposed -> proposed.thread() == thread)
                .mapToInt(proposed -> order.indexOf(proposed.number()))
                .filter(place -> place >= 0)
                .toArray();
        if (IntStream.range(1, places.length).anyMatch(i -> places[i - 1] > places[i])) {
            wrong.set("Out of order: " + order);
        }
    }

    @Override
    public List<List<Runnable>> lanes() {
        return List.of(
                List.of(() -> propose(0), () -> tick(0)),
                List.of(() -> Burst.run(() -> propose(1)), proposer::evict),
                List.of(this::apply, this::apply, this::lose));
    }

    @Test
    void threads() throws Exception {
        Race.run(ProposerConcurrencyTest::new);
    }
}
