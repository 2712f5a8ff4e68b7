package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventLoopPoolTest {

    private static final String NAME = "pool-of-the-test";

    private final EventLoopPool pool = new EventLoopPool(NAME, 2);

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(NAME))
                .toList();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void manyLoopsShareTheThreadsAndEachRunsItsTasksInOrderAndOneAtATime() throws Exception {
        List<EventLoop> loops =
                IntStream.range(0, 50).mapToObj(i -> pool.open()).toList();
        int tasks = 1_000;
        CountDownLatch done = new CountDownLatch(loops.size() * tasks);
        List<List<Integer>> ran = new ArrayList<>();
        AtomicInteger overlaps = new AtomicInteger();
        loops.forEach(loop -> ran.add(new ArrayList<>()));
        List<AtomicBoolean> running =
                loops.stream().map(loop -> new AtomicBoolean()).toList();
        for (int task = 0; task < tasks; task++) {
            for (int loop = 0; loop < loops.size(); loop++) {
                int number = task;
                int own = loop;
                loops.get(loop).execute(() -> {
                    overlaps.addAndGet(running.get(own).getAndSet(true) ? 1 : 0);
                    ran.get(own).add(number);
                    running.get(own).set(false);
                    done.countDown();
                });
            }
        }
        await(done);
        assertThat(threads()).hasSize(2).allMatch(Thread::isDaemon);
        assertThat(overlaps).hasValue(0);
        List<Integer> inOrder = IntStream.range(0, tasks).boxed().toList();
        assertThat(ran).allMatch(inOrder::equals);
        loops.forEach(EventLoop::close);
        for (Thread thread : threads()) {
            thread.join(30_000);
        }
        assertThat(threads()).isEmpty();
    }

    @Test
    void aLoopThatBlocksOrIsAlwaysBusyKeepsNoOtherFromRunning() throws Exception {
        try (EventLoop blocked = pool.open();
                EventLoop busy = pool.open();
                EventLoop other = pool.open()) {
            CountDownLatch go = new CountDownLatch(1);
            blocked.execute(() -> await(go));
            AtomicBoolean over = new AtomicBoolean();
            busy.execute(new Runnable() {
                @Override
                public void run() {
                    if (!over.get()) {
                        busy.execute(this);
                        busy.execute(() -> {});
                    }
                }
            });
            CountDownLatch ran = new CountDownLatch(1);
            other.execute(ran::countDown);
            await(ran);
            over.set(true);
            go.countDown();
        }
    }

    @Test
    void closingDropsWhatWaitsAndWaitsForWhatRuns() throws Exception {
        try (EventLoop stays = pool.open()) {
            EventLoop loop = pool.open();
            CountDownLatch begun = new CountDownLatch(1);
            AtomicBoolean ended = new AtomicBoolean();
            AtomicBoolean closing = new AtomicBoolean();
            AtomicBoolean dropped = new AtomicBoolean(true);
            loop.schedule(0, () -> {
                begun.countDown();
                while (!closing.get()) {
                    Thread.onSpinWait();
                }
                ended.set(true);
            });
            await(begun);
            loop.execute(() -> dropped.set(false));
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(1), () -> dropped.set(false));
            AtomicBoolean endedFirst = new AtomicBoolean();
            Thread closer = new Thread(() -> {
                loop.close();
                endedFirst.set(ended.get());
            });
            closer.start();
            // Once it waits for the running task, it has dropped the others.
            while (closer.getState() != Thread.State.TIMED_WAITING) {
                assertThat(closer.isAlive()).isTrue();
                Thread.onSpinWait();
            }
            closing.set(true);
            closer.join(30_000);
            assertThat(endedFirst).isTrue();
            loop.execute(() -> dropped.set(false));
            CountDownLatch later = new CountDownLatch(1);
            stays.schedule(TimeUnit.MILLISECONDS.toNanos(20), later::countDown);
            await(later);
            assertThat(dropped).isTrue();
        }
    }

    @Test
    void aLoopMayBeClosedByItsOwnTask() throws Exception {
        EventLoop loop = pool.open();
        AtomicReference<Boolean> inLoop = new AtomicReference<>();
        CountDownLatch closed = new CountDownLatch(1);
        loop.execute(() -> {
            inLoop.set(loop.inLoop());
            long start = System.nanoTime();
            loop.close();
            if (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(4)) {
                closed.countDown();
            }
        });
        await(closed);
        assertThat(inLoop).hasValue(true);
        assertThat(loop.inLoop()).isFalse();
    }

    @Test
    void aTaskThatFailsEndsNeitherItsLoopNorTheThread() throws Exception {
        try (EventLoop loop = pool.open()) {
            CountDownLatch after = new CountDownLatch(1);
            loop.execute(() -> {
                throw new IllegalStateException("expected by the test");
            });
            loop.execute(after::countDown);
            await(after);
        }
    }
}
