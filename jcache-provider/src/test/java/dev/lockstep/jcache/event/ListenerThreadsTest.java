package dev.lockstep.jcache.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ListenerThreadsTest {

    private static final int CACHES = 50;

    private final ListenerThreads threads = new ListenerThreads();
    private final List<EventLoop> loops = new ArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);

    @AfterEach
    void close() {
        end.countDown();
        loops.forEach(EventLoop::close);
    }

    private EventLoop open(boolean ofSynchronous) {
        EventLoop loop = threads.open(ofSynchronous);
        loops.add(loop);
        return loop;
    }

    private void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void listenersOfOneKindThatBlockDoNotHoldUpTheOther() {
        for (int cache = 0; cache < CACHES; cache++) {
            open(true).execute(() -> await(end));
        }
        CountDownLatch heard = new CountDownLatch(1);
        open(false).execute(heard::countDown);

        await(heard);
    }

    @Test
    void manyCachesShareFewThreads() {
        Set<Thread> ran = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(2 * CACHES);
        for (int cache = 0; cache < 2 * CACHES; cache++) {
            open(cache % 2 == 0).execute(() -> {
                ran.add(Thread.currentThread());
                all.countDown();
            });
        }
        await(all);

        assertThat(ran).hasSizeLessThanOrEqualTo(8);
        assertThat(ran).extracting(Thread::getName).allMatch(name -> name.startsWith("lockstep-listeners"));
    }
}
