package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The executor of an operation that runs its tasks on the thread that waits for the operation, so that application code runs on the thread
 * that called. Accepts tasks from any thread until the operation has ended or its caller has given up; each is run or rejected. An operation
 * has few at a time. The lock guards the tasks, the end, and what is created when it is needed.
 */
final class CallerThreadExecutor implements Executor {

    private static final Time TIME = Time.system();

    private final Thread caller = Thread.currentThread();
    /** Created with the first task, which an operation that is done at once does not have. */
    private @Nullable Queue<Runnable> tasks;

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
        future.whenComplete((result, failure) -> LockSupport.unpark(caller));
        Burst.flush();
        try {
            Deadline deadline = Deadline.after(TIME, eachWithin);
            while (!future.isDone()) {
                Runnable next = poll();
                if (next == null) {
                    await(eachWithin, deadline);
                } else {
                    next.run();
                    deadline = Deadline.after(TIME, eachWithin);
                }
            }
        } finally {
            end(future.isDone());
        }
    }

    /** Waits without spinning, since an answer takes a round trip at least, for anything that may have changed. */
    private void await(Duration eachWithin, Deadline deadline) {
        long left = deadline.remainingNanos(TIME);
        if (left <= 0) {
            throw new CacheException("No answer within " + eachWithin);
        }
        LockSupport.parkNanos(this, left);
        if (Thread.currentThread().isInterrupted()) {
            throw new CacheException("Interrupted while waiting; the operation may have happened");
        }
    }

    private synchronized @Nullable Runnable poll() {
        return tasks == null ? null : tasks.poll();
    }

    /** Accepts no more tasks, and runs those that were accepted. */
    private void end(boolean done) {
        synchronized (this) {
            ended = true;
        }
        for (Runnable last = poll(); last != null; last = poll()) {
            last.run();
        }
        if (!done) {
            left().complete(null);
        }
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
            if (ended) {
                throw new RejectedExecutionException("The calling thread has given up waiting for the operation");
            }
            if (tasks == null) {
                tasks = new ArrayDeque<>(2);
            }
            tasks.add(task);
        }
        LockSupport.unpark(caller); // without the lock, which it takes at once
    }
}
