package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FlushTrackerTest {

    private final AtomicInteger advanced = new AtomicInteger();
    private final FlushTracker flushes = new FlushTracker(4, advanced::incrementAndGet);

    @Test
    void aSyncCompletesTheAppendsThatItCoversAndNoOthers() {
        CompletableFuture<Long> first = flushes.await(5);
        CompletableFuture<Long> second = flushes.await(8);
        assertThat(flushes.flushed()).isEqualTo(4);
        assertThat(flushes.synced(7, flushes.truncations())).isTrue();
        assertThat(first).isCompletedWithValue(5L);
        assertThat(second).isNotDone();
        assertThat(flushes.flushed()).isEqualTo(5);
        assertThat(advanced).hasValue(1);
        assertThat(flushes.synced(7, flushes.truncations())).isTrue();
        assertThat(advanced).as("nothing more was covered").hasValue(1);
    }

    @Test
    void aSyncThatBeganBeforeATruncationCountsForNoEntryThatReplacedAnother() {
        long before = flushes.truncations();
        CompletableFuture<Long> truncated = flushes.await(6);
        flushes.fail(5, new IOException("truncated"));
        flushes.truncated(5);
        CompletableFuture<Long> replacing = flushes.await(6);
        assertThat(flushes.synced(6, before)).isFalse();
        assertThat(truncated).isCompletedExceptionally();
        assertThat(replacing).isNotDone();
        assertThat(flushes.flushed()).isEqualTo(4);
        assertThat(flushes.synced(6, flushes.truncations())).isTrue();
        assertThat(replacing).isCompletedWithValue(6L);
    }

    @Test
    void appendsBeforeATruncationKeepWaiting() {
        CompletableFuture<Long> kept = flushes.await(5);
        CompletableFuture<Long> truncated = flushes.await(7);
        flushes.fail(6, new IOException("truncated"));
        assertThat(kept).isNotDone();
        assertThat(truncated).isCompletedExceptionally();
    }
}
