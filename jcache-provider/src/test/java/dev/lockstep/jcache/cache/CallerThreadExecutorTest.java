package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.runtime.Burst;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;

/** Threads that leave their operation before it has ended. */
class CallerThreadExecutorTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final List<String> ran = new ArrayList<>();
    private final AtomicReference<Executor> loop = new AtomicReference<>();

    /** An operation that never ends, with a first task. */
    private CompletableFuture<String> operation(Executor callerExecutor, Runnable task) {
        loop.set(callerExecutor);
        CallerThreadExecutor.whenLeft(callerExecutor, () -> ran.add("left"));
        callerExecutor.execute(task);
        return new CompletableFuture<>();
    }

    @Test
    void aTaskThatWasAddedBeforeTheCallerLeavesIsRunAndOneAfterwardsRejected() {
        assertThatThrownBy(() -> CallerThreadExecutor.run(
                        TIMEOUT,
                        callerExecutor -> operation(callerExecutor, () -> {
                            callerExecutor.execute(() -> ran.add("queued"));
                            throw new IllegalStateException("it leaves");
                        })))
                .hasMessage("it leaves");
        assertThat(ran).containsExactly("queued", "left");
        assertThatThrownBy(() -> loop.get().execute(() -> ran.add("late")))
                .isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aCallerWithinABurstDoesNotWaitForItsEnd() {
        Burst.run(() -> {
            CompletableFuture<String> answer = new CompletableFuture<>();
            Burst.atEnd(() -> answer.complete("answer"));
            String found = CallerThreadExecutor.run(Duration.ZERO, callerExecutor -> answer);
            assertThat(found).isEqualTo("answer");
        });
    }

    @Test
    void anInterruptedCallerRunsWhatIsThereKeepsItsFlagAndLeaves() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> CallerThreadExecutor.run(
                            TIMEOUT, callerExecutor -> operation(callerExecutor, () -> ran.add("queued"))))
                    .isInstanceOf(CacheException.class)
                    .hasMessageContaining("Interrupted");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertThat(ran).containsExactly("queued", "left");
    }
}
