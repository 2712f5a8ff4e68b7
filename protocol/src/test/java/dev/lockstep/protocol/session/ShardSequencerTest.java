package dev.lockstep.protocol.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bound on a session's outstanding writes to a shard. */
class ShardSequencerTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final SimulatedWorld world = new SimulatedWorld();
    private final ShardSequencer sequencer = new ShardSequencer(world, world);
    private final List<RequestId> outstanding = new ArrayList<>();

    @BeforeEach
    void fill() {
        for (int i = 0; i < ShardSequencer.MAX_OUTSTANDING; i++) {
            outstanding.add(sequencer.acquire(SECOND).join());
        }
    }

    @Test
    void aWaitingWriteIsAdmittedWhenAnotherEnds() {
        CompletableFuture<RequestId> waiter = sequencer.acquire(SECOND);
        world.pass(Duration.ofMillis(999));
        assertThat(waiter).isNotDone();
        sequencer.release(outstanding.get(0));
        world.pass(Duration.ZERO);
        assertThat(waiter.join().sequence()).isEqualTo(ShardSequencer.MAX_OUTSTANDING + 1);
        assertThat(waiter.join().completedBelow()).isEqualTo(2);
    }

    @Test
    void aWriteThatWaitedTooLongIsRefusedAndConsumesNoId() {
        CompletableFuture<RequestId> impatient = sequencer.acquire(SECOND);
        CompletableFuture<RequestId> patient = sequencer.acquire(3 * SECOND);
        world.pass(Duration.ofSeconds(1));
        assertThat(impatient.handle((id, failure) -> ((RequestFailedException) failure).status()))
                .isCompletedWithValue(Status.BUSY);
        sequencer.release(outstanding.get(7));
        world.pass(Duration.ZERO);
        assertThat(patient.join().sequence()).isEqualTo(ShardSequencer.MAX_OUTSTANDING + 1);
    }

    @Test
    void aCrowdThatEndsAtOnceDoesNotNest() {
        List<CompletableFuture<Void>> ended = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            ended.add(sequencer.acquire(SECOND).thenAccept(sequencer::release));
        }
        outstanding.forEach(sequencer::release);
        world.pass(Duration.ofMillis(1));
        assertThat(ended).allMatch(CompletableFuture::isDone);
    }

    @Test
    void theQueueHasABound() {
        for (int i = 0; i < ShardSequencer.MAX_WAITING; i++) {
            sequencer.acquire(SECOND);
        }
        assertThat(sequencer.acquire(SECOND)).isCompletedExceptionally();
    }
}
