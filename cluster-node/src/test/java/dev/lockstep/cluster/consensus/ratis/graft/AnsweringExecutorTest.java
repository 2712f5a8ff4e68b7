package dev.lockstep.cluster.consensus.ratis.graft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AnsweringExecutorTest {

    private final ThreadPoolExecutor others =
            new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    private final AnsweringExecutor executor = new AnsweringExecutor(others);

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void whatFollowsAnAppendRunsOnTheThreadThatAppends() {
        List<Thread> ran = new ArrayList<>();
        AnsweringExecutor.answeringHere(() -> {
            executor.execute(() -> ran.add(Thread.currentThread()));
            return null;
        });
        assertThat(ran).containsExactly(Thread.currentThread());
    }

    @Test
    void threadsThatHaveNothingToDoEnd() throws Exception {
        for (int i = 0; i < 2; i++) {
            executor.submit(() -> {}).get(10, TimeUnit.SECONDS);
        }
        assertThat(others.getLargestPoolSize()).isPositive();
        Eventually.holds("no thread is left", () -> others.getPoolSize() == 0);
    }
}
