package dev.lockstep.protocol.session;

import dev.lockstep.protocol.concurrency.Interleavings;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.concurrency.Race;
import dev.lockstep.protocol.wire.RequestId;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ids given out, given back and waited for at once, with room for two: they are unique, never more than two are held,
 * {@code completedBelow} is at most any that is held, and no thread waits for ever.
 */
@Tag("slow")
public class ShardSequencerConcurrencyTest implements Race.Round {

    private static final int ROOM = 2;

    private final ManualEventLoop loop = new ManualEventLoop();
    private final ShardSequencer sequencer = new ShardSequencer(loop, () -> 107, ROOM);
    private final Set<Long> given = ConcurrentHashMap.newKeySet();
    private final Queue<RequestId> held = new ConcurrentLinkedQueue<>();
    private final AtomicInteger holding = new AtomicInteger();
    private final Queue<CompletableFuture<RequestId>> asked = new ConcurrentLinkedQueue<>();
    private final AtomicReference<String> wrong = new AtomicReference<>();

    @Operation
    public void acquire() {
        CompletableFuture<RequestId> id = sequencer.acquire(1);
        asked.add(id);
        id.thenAccept(this::hold);
    }

    private void hold(RequestId id) {
        if (!given.add(id.sequence())) {
            wrong.set(id + " was given twice");
        }
        held.add(id);
        if (holding.incrementAndGet() > ROOM) {
            wrong.set("More than " + ROOM + " are held");
        }
        for (RequestId other : held) {
            if (id.completedBelow() > other.sequence()) {
                wrong.set(id + " says that " + other + " is over");
            }
        }
    }

    @Operation
    public void release() {
        RequestId id = held.poll();
        if (id != null) {
            holding.decrementAndGet();
            sequencer.release(id);
        }
    }

    @Operation(nonParallelGroup = "loop")
    public void run() {
        loop.run();
    }

    @Operation(nonParallelGroup = "loop")
    public void timeOut() {
        loop.fire();
    }

    @Validate
    @Override
    public void validate() {
        loop.run();
        if (holding.get() < ROOM && !asked.stream().allMatch(CompletableFuture::isDone)) {
            wrong.set("There is room, and a caller still waits");
        }
        do {
            loop.run();
            release();
            loop.run();
        } while (!held.isEmpty());
        if (!asked.stream().allMatch(CompletableFuture::isDone)) {
            wrong.set("All ids are back, and a caller still waits");
        }
        if (wrong.get() != null) {
            throw new IllegalStateException(wrong.get());
        }
    }

    @Override
    public List<List<Runnable>> lanes() {
        return List.of(
                List.of(this::acquire, this::release, this::run, this::timeOut), List.of(this::acquire, this::release));
    }

    @Test
    void interleavings() {
        Interleavings.enumerate(ShardSequencerConcurrencyTest.class);
    }

    @Test
    void threads() throws Exception {
        Race.run(ShardSequencerConcurrencyTest::new);
    }
}
