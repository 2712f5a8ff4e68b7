package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.EventLoopPool;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * Operations of a cache for which no thread waits: a bounded number of them, on the manager's threads,
 * of which a cache has a few at a time: those of one key follow each other. Operations in flight when the cache is
 * closed fail. Thread-safe; the lock guards the loops.
 */
final class AsyncOperations {

    static final int MAX_IN_FLIGHT = 10_000;
    /** Fewer than the manager has threads, so that no cache takes them all. */
    private static final int LOOPS = 4;

    private final String cache;
    private final EventLoopPool threads;
    private final Set<CompletableFuture<?>> inFlight = ConcurrentHashMap.newKeySet();
    private final Semaphore room = new Semaphore(MAX_IN_FLIGHT);
    private final List<EventLoop> loops = new ArrayList<>();
    private volatile boolean destroyed;
    private volatile boolean closed;

    AsyncOperations(String cache, EventLoopPool threads) {
        this.cache = cache;
        this.threads = threads;
    }

    /**
     * Begins an operation on the caller's thread.
     *
     * @param key after whose other operations this one gets a thread, for what must not run on the session's
     * @return done at once if the operation is, otherwise on that thread; fails as the operation that is waited for does, and as
     *     {@link Status#BUSY} when too many are in flight
     */
    <T> CompletableFuture<T> begin(Object key, Function<Executor, CompletableFuture<T>> operation) {
        EventLoop loop = loop(key);
        if (loop == null) {
            return CompletableFuture.failedFuture(closedMeanwhile());
        }
        if (!room.tryAcquire()) {
            return CompletableFuture.failedFuture(FutureResults.failure(new RequestFailedException(
                    Status.BUSY,
                    "Cache " + cache + " has " + MAX_IN_FLIGHT + " asynchronous operations in flight already")));
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        inFlight.add(result);
        result.whenComplete((value, failure) -> {
            inFlight.remove(result);
            room.release();
        });
        CompletableFuture<T> started = start(operation, loop);
        if (started.isDone()) {
            settle(started, result);
        } else {
            started.whenComplete((value, failure) -> {
                if (loop.inLoop()) {
                    settle(started, result);
                } else {
                    loop.execute(() -> settle(started, result));
                }
            });
        }
        if (closed) {
            result.completeExceptionally(closedMeanwhile());
        }
        return result;
    }

    private static <T> CompletableFuture<T> start(
            Function<Executor, CompletableFuture<T>> operation, Executor callerExecutor) {
        try {
            return operation.apply(callerExecutor);
        } catch (RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    private static <T> void settle(CompletableFuture<T> started, CompletableFuture<T> result) {
        try {
            result.complete(started.join());
        } catch (RuntimeException failure) {
            result.completeExceptionally(FutureResults.failure(failure));
        }
    }

    private synchronized @Nullable EventLoop loop(Object key) {
        if (closed) {
            return null;
        }
        while (loops.size() < LOOPS) {
            loops.add(threads.open());
        }
        return loops.get(Math.floorMod(key.hashCode(), LOOPS));
    }

    private RuntimeException closedMeanwhile() {
        return destroyed
                ? new IllegalStateException("Cache " + cache + " was destroyed; the operation may have happened before")
                : new CacheException("Cache " + cache + " was closed meanwhile; the operation may have happened");
    }

    /**
     * Lets what is running on the threads finish, for five seconds each at most, and fails the rest. Idempotent.
     *
     * @param becauseDestroyed whether the cluster has the cache no more
     */
    void close(boolean becauseDestroyed) {
        List<EventLoop> last;
        synchronized (this) {
            destroyed = becauseDestroyed;
            closed = true;
            last = List.copyOf(loops);
        }
        last.forEach(EventLoop::close);
        inFlight.forEach(result -> result.completeExceptionally(closedMeanwhile()));
    }
}
