package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Asynchronous operations as an application sees them. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsyncOperationsTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aStageEndsWithTheResultOfTheOperation() {
        cache.async().put("k", "v").toCompletableFuture().join();

        assertThat(cache.async().get("k").toCompletableFuture().join()).isEqualTo("v");
        assertThat(cache.async().getAndRemove("k").toCompletableFuture().join()).isEqualTo("v");
        assertThat(cache.async().get("k").toCompletableFuture().join()).isNull();
    }

    @Test
    void aReadFromAReplicaInThisJvmIsDoneWhenTheCallReturns() {
        cache.put("k", "v");
        fixture.cluster().answerLocally();

        assertThat(cache.async().get("k").toCompletableFuture()).isCompletedWithValue("v");
    }

    @Test
    void aStageFailsWithWhatTheWaitingMethodWouldThrow() {
        fixture.cluster().refuse(dev.lockstep.protocol.wire.Request.Write.class, Status.TOO_LARGE);

        assertThatThrownBy(
                        () -> cache.async().put("k", "v").toCompletableFuture().join())
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(LockstepCacheException.class);
    }

    @Test
    void applicationCodeAndDependentsRunOnAThreadForAsynchronousOperations() throws Exception {
        Thread[] ran = new Thread[1];
        cache.async()
                .invoke("k", (entry, arguments) -> {
                    ran[0] = Thread.currentThread();
                    return null;
                })
                .toCompletableFuture()
                .get();

        assertThat(ran[0].getName()).startsWith("lockstep-async");
    }

    @Test
    void closingTheCacheFailsWhatIsInFlight() {
        CompletableFuture<Object> never = cache.async()
                .computeIfAbsent("k", key -> new CompletableFuture<Object>())
                .toCompletableFuture();
        cache.close();

        assertThat(never).isCompletedExceptionally();
        assertThatThrownBy(never::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(CacheException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void theOperationBeyondTheBoundIsRefusedAsTransient() {
        List<CompletableFuture<Object>> inFlight = new ArrayList<>();
        CompletableFuture<Object> gate = new CompletableFuture<>();
        for (int i = 0; i < 10_000; i++) {
            inFlight.add(cache.async().computeIfAbsent("k" + i, key -> gate).toCompletableFuture());
        }

        assertThatThrownBy(() -> cache.async().get("k").toCompletableFuture().join())
                .hasCauseInstanceOf(LockstepCacheException.class)
                .satisfies(refused -> assertThat(((LockstepCacheException) refused.getCause()).kind())
                        .isEqualTo(LockstepCacheException.Kind.TRANSIENT));
        gate.complete("v");
        inFlight.forEach(CompletableFuture::join);
        assertThat(cache.async().get("k1").toCompletableFuture().join()).isEqualTo("v");
    }
}
