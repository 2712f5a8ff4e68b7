package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.runtime.Burst;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The executor of an operation that runs its tasks on the thread that waits for the operation, so that application code runs on the thread
 * that called. Accepts tasks from any thread until the operation has ended or its caller has given up; each is run or rejected. An operation
 * has few at a time. The lock guards the end, adding to the tasks, and
 * what is created when it is needed.
 */
final class CallerThreadExecutor implements Executor {

    /** Created with the first task, which an operation that is done at once does not have. */
    private volatile @Nullable BlockingQueue<Runnable> tasks;

    private volatile @Nullable CompletableFuture<Void> left;
    private boolean ended;

    private CallerThreadExecutor() {}

    /**
     * Begins an operation, runs its tasks until it ends, and returns its result.
     *
     * @param timeout within which the cluster answers each request of the operation
     * @throws RuntimeException as {@link FutureResults#failure} says
     */
    static <T> T run(Duration timeout, Function<Executor, CompletableFuture<T>> operation) {
        CallerThreadExecutor loop = new CallerThreadExecutor();
        CompletableFuture<T> future = operation.apply(loop);
        if (future.isDone()) {
            loop.end(true);
        } else {
            loop.runUntilDone(future, timeout.plus(FutureResults.GRACE));
        }
        return FutureResults.outcome(future);
    }

    private void runUntilDone(CompletableFuture<?> future, Duration eachWithin) {
        BlockingQueue<Runnable> tasks = tasks();
        future.whenComplete((result, failure) -> tasks.add(() -> {}));
        Burst.flush();
        try {
            while (!future.isDone()) {
                Runnable next = tasks.poll();
                if (next == null) {
                    next = tasks.poll(eachWithin.toMillis(), TimeUnit.MILLISECONDS);
                }
                if (next == null) {
                    throw new CacheException("No answer within " + eachWithin);
                }
                next.run();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CacheException("Interrupted while waiting; the operation may have happened", interrupted);
        } finally {
            end(future.isDone());
        }
    }

    /** Accepts no more tasks, and runs those that were accepted. */
    private void end(boolean done) {
        synchronized (this) {
            ended = true;
        }
        BlockingQueue<Runnable> accepted = tasks;
        if (accepted != null) {
            for (Runnable last = accepted.poll(); last != null; last = accepted.poll()) {
                last.run();
            }
        }
        if (!done) {
            left().complete(null);
        }
    }

    private synchronized BlockingQueue<Runnable> tasks() {
        BlockingQueue<Runnable> known = tasks;
        if (known == null) {
            known = new LinkedBlockingQueue<>(); // one that does not spin: the answer takes a round trip at least
            tasks = known;
        }
        return known;
    }

    private synchronized CompletableFuture<Void> left() {
        CompletableFuture<Void> known = left;
        if (known == null) {
            known = new CompletableFuture<>();
            left = known;
        }
        return known;
    }

    /** Registers a task for when the calling thread gives up before its operation has ended. Callers of other executors never do. */
    static void whenLeft(Executor callerExecutor, Runnable task) {
        if (callerExecutor instanceof CallerThreadExecutor loop) {
            loop.left().thenRun(task);
        }
    }

    @Override
    public void execute(Runnable task) {
        synchronized (this) {
            if (!ended) {
                tasks().add(task);
                return;
            }
        }
        throw new RejectedExecutionException("The calling thread has given up waiting for the operation");
    }
}
