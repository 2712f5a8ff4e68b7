package dev.lockstep.jcache.cache;

import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An operation on each of many keys, with a bounded number in flight. Everything here runs on one executor, one step at a time, which is the
 * only writer of the fields.
 */
final class BoundedFanOut<K, R> {

    private final Iterator<? extends K> left;
    private final Function<K, CompletableFuture<R>> operation;
    private final End<K, R> end;
    private final Executor executor;
    private final CompletableFuture<Void> all = new CompletableFuture<>();
    private int inFlight;

    /** Takes the outcome for one key. */
    interface End<K, R> {
        void of(K key, @Nullable R result, @Nullable Throwable failure);
    }

    private BoundedFanOut(
            Iterator<? extends K> left, Function<K, CompletableFuture<R>> operation, End<K, R> end, Executor executor) {
        this.left = left;
        this.operation = operation;
        this.end = end;
        this.executor = executor;
    }

    /**
     * @param executor runs one task at a time: the beginning and the end of each operation
     * @return done when all have ended; fails if {@code end} does
     */
    static <K, R> CompletableFuture<Void> over(
            Set<? extends K> keys,
            int atOnce,
            Function<K, CompletableFuture<R>> operation,
            End<K, R> end,
            Executor executor) {
        BoundedFanOut<K, R> window = new BoundedFanOut<>(keys.iterator(), operation, end, executor);
        executor.execute(() -> {
            for (int i = 0; i < atOnce; i++) {
                window.next();
            }
        });
        return window.all;
    }

    private void next() {
        if (left.hasNext()) {
            inFlight++;
            K key = left.next();
            begun(key).whenCompleteAsync((result, failure) -> ended(key, result, failure), executor);
        } else if (inFlight == 0) {
            all.complete(null);
        }
    }

    private CompletableFuture<R> begun(K key) {
        try {
            return operation.apply(key);
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private void ended(K key, @Nullable R result, @Nullable Throwable failure) {
        inFlight--;
        try {
            end.of(key, result, failure);
        } catch (Throwable fatal) {
            all.completeExceptionally(fatal);
        }
        next();
    }
}
