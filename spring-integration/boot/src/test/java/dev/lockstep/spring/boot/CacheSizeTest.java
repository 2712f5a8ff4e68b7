package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.routing.SimulatedWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Reading the size of a cache in a cluster that takes its time. */
class CacheSizeTest {

    private final SimulatedWorld world = new SimulatedWorld();
    private final List<CompletableFuture<Long>> questions = new ArrayList<>();
    private final CacheSize size = new CacheSize(this::asked, world);

    private CompletableFuture<Long> asked() {
        questions.add(new CompletableFuture<>());
        return questions.get(questions.size() - 1);
    }

    @Test
    void itIsUnknownUntilTheClusterHasAnswered() {
        assertThat(size.value()).isNaN();
        world.pass(Duration.ofMinutes(1));
        assertThat(size.value()).isNaN();
        assertThat(questions).hasSize(1);
        questions.get(0).complete(7L);
        assertThat(size.value()).isEqualTo(7);
    }

    @Test
    void theClusterIsAskedAgainTenSecondsAfterItsAnswer() {
        size.value();
        questions.get(0).complete(7L);
        world.pass(Duration.ofMillis(9_999));
        assertThat(size.value()).isEqualTo(7);
        assertThat(questions).hasSize(1);
        world.pass(Duration.ofMillis(1));
        assertThat(size.value()).isEqualTo(7);
        assertThat(questions).hasSize(2);
        questions.get(1).complete(8L);
        assertThat(size.value()).isEqualTo(8);
    }

    @Test
    void itIsUnknownAfterAFailureUntilTheNextAnswer() {
        size.value();
        questions.get(0).complete(7L);
        world.pass(Duration.ofSeconds(10));
        size.value();
        questions.get(1).completeExceptionally(new IllegalStateException("scripted"));
        assertThat(size.value()).isNaN();
        assertThat(questions).hasSize(2);
        world.pass(Duration.ofSeconds(10));
        assertThat(size.value()).isNaN();
        questions.get(2).complete(9L);
        assertThat(size.value()).isEqualTo(9);
    }

    @Test
    void thatOfAClosedCacheIsUnknown() {
        CacheSize closed = new CacheSize(
                () -> {
                    throw new IllegalStateException("closed");
                },
                world);
        assertThat(closed.value()).isNaN();
        world.pass(Duration.ofSeconds(10));
        assertThat(closed.value()).isNaN();
    }
}
