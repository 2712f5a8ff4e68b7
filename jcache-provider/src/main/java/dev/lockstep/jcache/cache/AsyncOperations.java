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
 * Operations of a cache that nobody waits for on their own thread: a bounded number of them, on the manager's threads,
 * of which a cache has a few at a time: those of one key follow each other. Operations in flight when the cache is
 * closed fail. Thread-safe; the lock guards the loops.
 */
final class AsyncOperations {

    static final int MAX_UNDER_WAY = 10_000;
    /** Fewer than the manager has threads, so that no cache takes them all. */
    private static final int LOOPS = 4;

    private final String cache;
    private final EventLoopPool threads;
    private final Set<CompletableFuture<?>> underWay = ConcurrentHashMap.newKeySet();
    private final Semaphore room = new Semaphore(MAX_UNDER_WAY);
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
     *     {@link Status#BUSY} when too many are under way
     */
    <T> CompletableFuture<T> begin(Object key, Function<Executor, CompletableFuture<T>> operation) {
        EventLoop loop = loop(key);
        if (loop == null) {
            return CompletableFuture.failedFuture(closedMeanwhile());
        }
        if (!room.tryAcquire()) {
            return CompletableFuture.failedFuture(FutureResults.failure(new RequestFailedException(
                    Status.BUSY,
                    "Cache " + cache + " has " + MAX_UNDER_WAY + " asynchronous operations under way already")));
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        underWay.add(result);
        result.whenComplete((value, failure) -> {
            underWay.remove(result);
            room.release();
        });
        CompletableFuture<T> begun = begun(operation, loop);
        if (begun.isDone()) {
            settle(begun, result);
        } else {
            begun.whenComplete((value, failure) -> {
                if (loop.inLoop()) {
                    settle(begun, result);
                } else {
                    loop.execute(() -> settle(begun, result));
                }
            });
        }
        if (closed) {
            result.completeExceptionally(closedMeanwhile());
        }
        return result;
    }

    private static <T> CompletableFuture<T> begun(Function<Executor, CompletableFuture<T>> operation, Executor user) {
        try {
            return operation.apply(user);
        } catch (RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    private static <T> void settle(CompletableFuture<T> begun, CompletableFuture<T> result) {
        try {
            result.complete(begun.join());
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
        underWay.forEach(result -> result.completeExceptionally(closedMeanwhile()));
    }
}
