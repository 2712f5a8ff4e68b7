package dev.lockstep.jcache.cache;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.cache.CacheException;

/**
 * Lets the thread that waits for an operation run what the operation has for it meanwhile: so code of the application runs on
 * the thread that called. Takes tasks from any thread until the operation has ended; an operation has few at a time.
 */
final class CallerLoop implements Executor {

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private volatile boolean ended;

    private CallerLoop() {}

    /**
     * The result of an operation.
     *
     * @param timeout within which the cluster answers each request of the operation
     * @throws RuntimeException as {@link Await#failure} says
     */
    static <T> T run(Duration timeout, Function<Executor, CompletableFuture<T>> operation) {
        CallerLoop loop = new CallerLoop();
        CompletableFuture<T> future = operation.apply(loop);
        loop.runUntilDone(future, timeout.plus(Await.GRACE));
        return Await.outcome(future);
    }

    private void runUntilDone(CompletableFuture<?> future, Duration eachWithin) {
        if (!future.isDone()) {
            future.whenComplete((result, failure) -> tasks.add(() -> {}));
        }
        try {
            while (!future.isDone()) {
                Runnable next = tasks.poll(eachWithin.toMillis(), TimeUnit.MILLISECONDS);
                if (next == null) {
                    throw new CacheException("No answer within " + eachWithin);
                }
                next.run();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CacheException("Interrupted while waiting; the operation may have happened", interrupted);
        } finally {
            ended = true;
        }
    }

    @Override
    public void execute(Runnable task) {
        if (ended) {
            throw new RejectedExecutionException("The thread that called waits no longer");
        }
        tasks.add(task);
    }
}
