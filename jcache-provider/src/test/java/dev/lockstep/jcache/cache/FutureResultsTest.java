package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.LockstepCacheException.Kind;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import javax.cache.CacheException;
import javax.cache.integration.CacheLoaderException;
import org.junit.jupiter.api.Test;

/** The exceptions that callers see: JSR-107's, and which of Lockstep's may be repeated. */
class FutureResultsTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private static RequestFailedException failed(Status status) {
        return new RequestFailedException(status, "shard 3 of the test");
    }

    private static PartialWriteException partial(Status... statuses) {
        Map<Bytes, Throwable> failures = new LinkedHashMap<>();
        for (Status status : statuses) {
            failures.put(Bytes.of(new byte[] {(byte) status.ordinal()}), failed(status));
        }
        return new PartialWriteException(Map.of(), failures);
    }

    private static Kind kind(Throwable failure) {
        return ((LockstepCacheException) FutureResults.failure(failure)).kind();
    }

    @Test
    void aWaitWithinABurstDoesNotWaitForItsEnd() {
        Burst.run(() -> {
            CompletableFuture<String> answer = new CompletableFuture<>();
            Burst.atEnd(() -> answer.complete("answer"));
            assertThat(FutureResults.result(answer, Duration.ZERO)).isEqualTo("answer");
        });
    }

    @Test
    void aRefusalTellsWhetherItMayBeRepeated() {
        assertThat(kind(failed(Status.BUSY))).isEqualTo(Kind.TRANSIENT);
        assertThat(kind(failed(Status.LEASE_TIMEOUT))).isEqualTo(Kind.TRANSIENT);
        assertThat(kind(failed(Status.TOO_LARGE))).isEqualTo(Kind.PERMANENT);
        assertThat(kind(failed(Status.INTERNAL))).isEqualTo(Kind.INDETERMINATE);
        assertThat(FutureResults.failure(failed(Status.BUSY))).hasMessage("BUSY: shard 3 of the test");
    }

    @Test
    void aWriteOfManyEntriesIsAsUncertainAsItsMostUncertainPart() {
        assertThat(kind(partial(Status.BUSY, Status.NO_LEADER))).isEqualTo(Kind.TRANSIENT);
        assertThat(kind(partial(Status.BUSY, Status.TOO_LARGE))).isEqualTo(Kind.PERMANENT);
        assertThat(kind(partial(Status.TOO_LARGE, Status.INDETERMINATE, Status.BUSY)))
                .isEqualTo(Kind.INDETERMINATE);
    }

    @Test
    void aCacheThatTheClusterDoesNotHaveIsReportedAsClosed() {
        assertThat(FutureResults.failure(failed(Status.NO_SUCH_CACHE)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("destroyed");
        assertThat(FutureResults.failure(partial(Status.NO_SUCH_CACHE))).isInstanceOf(IllegalStateException.class);
        assertThat(FutureResults.isDestroyed(failed(Status.MOVED))).isFalse();
    }

    @Test
    void exceptionsAndErrorsOfTheApplicationAreRethrownAsTheyAre() {
        CacheLoaderException ofTheLoader = new CacheLoaderException("no database");
        AssertionError error = new AssertionError("of the application");

        assertThat(FutureResults.failure(new CompletionException(ofTheLoader))).isSameAs(ofTheLoader);
        assertThatThrownBy(() -> FutureResults.outcome(CompletableFuture.failedFuture(ofTheLoader)))
                .isSameAs(ofTheLoader);
        assertThatThrownBy(() -> FutureResults.outcome(CompletableFuture.failedFuture(error)))
                .isSameAs(error);
    }

    @Test
    void checkedExceptionsBecomeCacheExceptions() {
        IOException checked = new IOException("checked");

        assertThatThrownBy(() -> FutureResults.outcome(CompletableFuture.failedFuture(checked)))
                .isInstanceOf(CacheException.class)
                .hasCause(checked);
    }

    @Test
    void theResultOfAnOperationThatFailsIsTranslated() {
        CompletableFuture<String> nested =
                CompletableFuture.<String>failedFuture(failed(Status.BUSY)).thenApply(text -> text);

        assertThatThrownBy(() -> FutureResults.result(nested, LONG))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(Kind.TRANSIENT));
        assertThat(FutureResults.result(CompletableFuture.completedFuture("v"), LONG))
                .isEqualTo("v");
    }

    @Test
    void anOperationWithoutAnAnswerMayHaveHappened() {
        Duration over = FutureResults.GRACE.negated();

        assertThatThrownBy(() -> FutureResults.result(new CompletableFuture<>(), over))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        late -> assertThat(late.kind()).isEqualTo(Kind.INDETERMINATE));
    }

    @Test
    void anInterruptedCallerKeepsItsFlagAndLearnsThatTheOperationMayHaveHappened() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> FutureResults.result(new CompletableFuture<>(), LONG))
                    .isInstanceOf(CacheException.class)
                    .hasMessageContaining("may have happened");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }
}
