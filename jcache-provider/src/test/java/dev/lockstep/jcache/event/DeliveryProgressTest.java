package dev.lockstep.jcache.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.cache.CacheException;
import javax.cache.event.CacheEntryListenerException;
import org.junit.jupiter.api.Test;

class DeliveryProgressTest {

    private static final Bytes KEY = Bytes.of(new byte[] {1});
    private static final Duration SHORT = Duration.ofMillis(1);

    private final DeliveryProgress progress = new DeliveryProgress();

    @Test
    void aPositionThatWasReachedIsNotWaitedFor() {
        progress.reached(0, 7);
        progress.reached(0, 5);

        assertThat(progress.await(0, 7, KEY, SHORT)).isNull();
    }

    @Test
    void aPositionOfAnotherShardOrALaterOneIsWaitedForUntilTheTimeout() {
        progress.reached(0, 7);

        assertThatThrownBy(() -> progress.await(0, 8, KEY, SHORT)).isInstanceOf(CacheException.class);
        assertThatThrownBy(() -> progress.await(1, 7, KEY, SHORT)).isInstanceOf(CacheException.class);
    }

    @Test
    void aWaiterGoesOnWhenItsPositionIsReached() {
        CompletableFuture<Object> waiter = CompletableFuture.supplyAsync(() -> {
            progress.await(0, 3, KEY, Duration.ofSeconds(30));
            return "done";
        });
        progress.reached(0, 3);

        assertThat(waiter.join()).isEqualTo("done");
    }

    @Test
    void aFailureIsHandedOnceToTheOneWhoseChangeItWas() {
        CacheEntryListenerException failure = new CacheEntryListenerException("no");
        progress.failed(0, 3, KEY, failure);
        progress.reached(0, 4);

        assertThat(progress.await(0, 4, KEY, SHORT)).isNull();
        assertThat(progress.await(0, 3, KEY, SHORT)).isSameAs(failure);
        assertThat(progress.await(0, 3, KEY, SHORT)).isNull();
    }

    @Test
    void manyFailuresOfOthersChangesDoNotDisplaceALaterOne() {
        for (int others = 0; others < 1_000; others++) {
            progress.failed(1, others, KEY, new CacheEntryListenerException("of another manager's change"));
        }
        CacheEntryListenerException failure = new CacheEntryListenerException("no");
        progress.failed(0, 3, KEY, failure);
        progress.reached(0, 3);

        assertThat(progress.await(0, 3, KEY, SHORT)).isSameAs(failure);
    }

    @Test
    void failuresAreOfOneKeyAtOnePositionOfOneShard() {
        progress.failed(0, 3, KEY, new CacheEntryListenerException("no"));
        progress.reached(0, 4);
        progress.reached(1, 3);

        assertThat(progress.await(0, 3, Bytes.of(new byte[] {2}), SHORT)).isNull();
        assertThat(progress.await(1, 3, KEY, SHORT)).isNull();
    }

    @Test
    void anInterruptedWaiterKeepsItsFlag() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> progress.await(0, 3, KEY, Duration.ofSeconds(30)))
                    .isInstanceOf(CacheException.class)
                    .hasMessageContaining("the change was made");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void closingEndsTheWait() {
        progress.close();

        assertThat(progress.await(0, 3, KEY, Duration.ofSeconds(30))).isNull();
    }
}
