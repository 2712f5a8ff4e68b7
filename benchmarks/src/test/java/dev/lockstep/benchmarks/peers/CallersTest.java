package dev.lockstep.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.benchmarks.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallersTest {

    private static void pause(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aStallDelaysTheStepsThatWereToBeginMeanwhile() throws Exception {
        AtomicInteger steps = new AtomicInteger();
        Outcome outcome = new Callers(new Load(Operation.GET, 1, 100)).run(500, () -> () -> {
            if (steps.getAndIncrement() == 0) {
                pause(300);
            }
            return true;
        });

        assertThat(outcome.operations()).isEqualTo(50);
        // Thirty steps were to begin within the 300 ms; the last fifth of them waited for 240 ms or more.
        assertThat(outcome.p90()).isGreaterThan(200_000);
    }

    @Test
    void withoutARateAStallIsOneLatency() throws Exception {
        AtomicInteger steps = new AtomicInteger();
        Outcome outcome = new Callers(Load.closed(Operation.GET, 1)).run(10_000, () -> () -> {
            if (steps.getAndIncrement() == 0) {
                pause(300);
            }
            return steps.get() <= 100;
        });

        assertThat(outcome.operations()).isEqualTo(100);
        assertThat(outcome.max()).isGreaterThan(299_000);
        assertThat(outcome.p50()).isLessThan(200_000);
    }

    @Test
    void aStepThatFailsEndsTheLoad() {
        Callers callers = new Callers(Load.closed(Operation.PUT, 4));
        assertThatThrownBy(() -> callers.run(60_000, () -> () -> {
                    throw new IllegalArgumentException("refused");
                }))
                .hasMessageContaining("put@4 failed")
                .hasMessageContaining("refused");
    }

    @Test
    void allLoadsRunOnLockstepInThisJvm(@TempDir Path folder) throws Exception {
        Product.Caches caches = new LockstepProduct().start(Role.LOCAL, new Place(0, folder, List.of()));
        var records = caches.open("records");
        Steps steps = new Steps(caches.open("entries"), records);
        steps.fill();
        for (Load load : Effort.full().loads()) {
            Outcome outcome = new Callers(load).run(20, () -> steps.of(load.operation()));
            assertThat(outcome.operations()).as(load.toString()).isPositive();
        }
        steps.tidy();
        int[] count = {0};
        records.forEach(entry -> count[0]++);
        assertThat(count[0]).isEqualTo(10_000);
        records.getCacheManager().close();
    }
}
