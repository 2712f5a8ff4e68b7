package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A loop on a thread of its own. */
class ThreadedEventLoopTest {

    /** Without the second wake-up one in some thousand loops is closed only after five seconds. */
    @Test
    void closingWakesAThreadWhoseTaskWasDropped() throws Exception {
        for (int i = 0; i < 6_000; i++) {
            EventLoop loop = EventLoop.threaded("test");
            CountDownLatch started = new CountDownLatch(1);
            loop.execute(started::countDown);
            started.await();
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(20), () -> {});
            loop.schedule(TimeUnit.MICROSECONDS.toNanos(i % 3), () -> {});
            for (int spin = 0; spin < i % 300; spin++) {
                Thread.onSpinWait();
            }
            loop.execute(() -> {});
            long start = System.nanoTime();
            loop.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
        }
    }
}
