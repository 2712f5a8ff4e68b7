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
        CompletableFuture<Long> first = flushes.await(5, 0);
        CompletableFuture<Long> second = flushes.await(8, 0);
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
        CompletableFuture<Long> truncated = flushes.await(6, 0);
        flushes.fail(5, new IOException("truncated"));
        flushes.truncated(5);
        CompletableFuture<Long> replacing = flushes.await(6, 0);
        assertThat(flushes.synced(6, before)).isFalse();
        assertThat(truncated).isCompletedExceptionally();
        assertThat(replacing).isNotDone();
        assertThat(flushes.flushed()).isEqualTo(4);
        assertThat(flushes.synced(6, flushes.truncations())).isTrue();
        assertThat(replacing).isCompletedWithValue(6L);
    }

    /** A leader's own write may end after the answers of followers. */
    @Test
    void onlyThoseWhoAskedWhileAnAppendWaitedAreToldThatItIsWritten() {
        flushes.await(5, 0);
        flushes.written(5).run();
        assertThat(advanced).hasValue(0);
        assertThat(flushes.flushed()).isEqualTo(5);
        CompletableFuture<Long> next = flushes.await(6, 0);
        assertThat(flushes.flushed()).isEqualTo(5);
        Runnable outcome = flushes.written(6);
        flushes.await(7, 0);
        outcome.run();
        assertThat(next).isCompletedWithValue(6L);
        assertThat(advanced).hasValue(1);
    }

    @Test
    void anAppendThatIsKnownWaitsForTheLastUnlessItIsFlushed() {
        assertThat(flushes.awaitKnown(4, 4, 0)).isNull();
        CompletableFuture<Long> last = flushes.await(8, 0);
        assertThat(flushes.awaitKnown(4, 8, 0)).isNull();
        assertThat(flushes.awaitKnown(6, 8, 0)).isSameAs(last);
    }

    @Test
    void theOldestAppendThatWaitsSaysForHowLong() {
        assertThat(flushes.waitedNanos(100)).isZero();
        flushes.await(5, 100);
        flushes.await(6, 200);
        assertThat(flushes.waitedNanos(300)).isEqualTo(200);
        flushes.written(5).run();
        assertThat(flushes.waitedNanos(300)).isEqualTo(100);
        flushes.fail(6, new IOException("truncated"));
        assertThat(flushes.waitedNanos(300)).isZero();
    }

    @Test
    void appendsBeforeATruncationKeepWaiting() {
        CompletableFuture<Long> kept = flushes.await(5, 0);
        CompletableFuture<Long> truncated = flushes.await(7, 0);
        flushes.fail(6, new IOException("truncated"));
        assertThat(kept).isNotDone();
        assertThat(truncated).isCompletedExceptionally();
    }
}
