package dev.lockstep.cluster.readindex;

import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.concurrency.Race;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Waits begun while the position rises: each is told once, true only when its position is reached, and at once by the rise:
 * looking now and then, which would make up for a rise that was missed, does not happen here before the end.
 */
@Tag("slow")
public class AppliedPositionWaitersConcurrencyTest implements Race.Round {

    private final ManualEventLoop loop = new ManualEventLoop();
    private final AtomicLong reached = new AtomicLong();
    private final AppliedPositionWaiters waits = new AppliedPositionWaiters(reached::get, loop, loop);
    private final Queue<Wait> begun = new ConcurrentLinkedQueue<>();

    /** One wait, and what it was told. */
    private final class Wait {

        private final long position;
        private final AtomicInteger yes = new AtomicInteger();
        private final AtomicInteger no = new AtomicInteger();
        private final AtomicBoolean early = new AtomicBoolean();

        Wait(long position) {
            this.position = position;
        }

        void told(boolean inTime) {
            if (inTime && reached.get() < position) {
                early.set(true);
            }
            (inTime ? yes : no).incrementAndGet();
        }

        boolean is(int expectedYes, int expectedNo) {
            return yes.get() == expectedYes && no.get() == expectedNo && !early.get();
        }
    }

    public void await(int position) {
        Wait wait = new Wait(position);
        begun.add(wait);
        waits.await(position, 1_000, wait::told);
    }

    private void awaitNext() {
        await((int) reached.get() + 1);
    }

    public void advance() {
        reached.incrementAndGet();
        waits.advanced();
    }

    public void run() {
        loop.run();
    }

    @Override
    public void validate() {
        loop.run();
        for (Wait wait : begun) {
            if (!(wait.position <= reached.get() ? wait.is(1, 0) : wait.is(0, 0))) {
                throw new IllegalStateException("At " + reached + " the wait for " + wait.position + " was told yes "
                        + wait.yes + " and no " + wait.no + " times");
            }
        }
        loop.pass(1_000);
        loop.fire();
        loop.run();
        for (Wait wait : begun) {
            if (!(wait.position <= reached.get() ? wait.is(1, 0) : wait.is(0, 1))) {
                throw new IllegalStateException("After its time, the wait for " + wait.position + " at " + reached
                        + " was told yes " + wait.yes + " and no " + wait.no + " times");
            }
        }
    }

    @Override
    public List<List<Runnable>> lanes() {
        return List.of(List.of(this::advance, this::run), List.of(this::awaitNext, this::awaitNext));
    }

    @Test
    void threads() throws Exception {
        Race.run(AppliedPositionWaitersConcurrencyTest::new);
    }
}
