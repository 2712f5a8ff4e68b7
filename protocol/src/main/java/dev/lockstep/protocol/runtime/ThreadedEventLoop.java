package dev.lockstep.protocol.runtime;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An event loop on one daemon thread. */
final class ThreadedEventLoop implements EventLoop {

    private static final Logger LOG = LoggerFactory.getLogger(ThreadedEventLoop.class);
    private static final Timer NOTHING = () -> {};

    private final String name;
    private final ScheduledThreadPoolExecutor executor;
    private volatile @Nullable Thread thread;

    ThreadedEventLoop(String name) {
        this.name = name;
        this.executor = new ScheduledThreadPoolExecutor(1, this::newThread);
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private Thread newThread(Runnable work) {
        Thread created = Threads.daemon(work, name);
        thread = created;
        return created;
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(guarded(task));
        } catch (RejectedExecutionException closed) {
            LOG.trace("{} is closed; a task was dropped", name);
        }
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        try {
            ScheduledFuture<?> future = executor.schedule(guarded(task), delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException closed) {
            LOG.trace("{} is closed; a timer was dropped", name);
            return NOTHING;
        }
    }

    /** A task that fails must not end the loop, nor fail unseen. */
    private Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (Throwable failure) {
                LOG.error("A task on {} failed", name, failure);
            }
        };
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void close() {
        executor.shutdown();
        executor.getQueue().clear();
        // The thread may have been woken for a task that is gone now, and would wait for another: this wakes it again.
        executor.shutdown();
        if (inLoop()) {
            return;
        }
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("{} did not finish its last task within 5 s", name);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
