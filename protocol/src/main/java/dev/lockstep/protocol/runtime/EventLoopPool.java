package dev.lockstep.protocol.runtime;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fixed number of daemon threads that any number of event loops share: a loop that blocks takes one of them from the others,
 * and a busy one gives its thread up after some tasks. The threads begin with the first loop and end with the last.
 * Thread-safe; the lock guards the executor.
 */
public final class EventLoopPool {

    private static final Logger LOG = LoggerFactory.getLogger(EventLoopPool.class);
    private static final EventLoop.Timer NOTHING = () -> {};
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);
    /** Run in a row before it is another loop's turn. */
    private static final int TURN = 32;

    private final String name;
    private final int threads;
    private @Nullable ScheduledThreadPoolExecutor executor;
    private int loops;

    /** @param name of each thread */
    public EventLoopPool(String name, int threads) {
        this.name = name;
        this.threads = threads;
    }

    /** Opens a loop that runs on these threads, on one at a time. */
    public synchronized EventLoop open() {
        ScheduledThreadPoolExecutor running = executor;
        if (running == null) {
            running = new ScheduledThreadPoolExecutor(threads, work -> Threads.daemon(work, name));
            running.setRemoveOnCancelPolicy(true);
            running.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
            // All at once: how many there are must not depend on how many loops have had work.
            running.prestartAllCoreThreads();
            executor = running;
        }
        loops++;
        return new Loop(running);
    }

    private synchronized void closed() {
        ScheduledThreadPoolExecutor last = executor;
        if (--loops == 0 && last != null) {
            executor = null;
            last.shutdown();
            // A thread may have been woken for a task that is gone now, and would wait for another: this wakes it
            // again.
            last.shutdown();
        }
    }

    /** One loop. Its lock guards all fields. */
    private final class Loop implements EventLoop {

        private final ScheduledThreadPoolExecutor executor;
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private final Set<Delayed> timers = new HashSet<>();
        /** Set while the executor has a turn of this loop waiting or running. */
        private boolean active;

        private @Nullable Thread running;
        private boolean closed;

        Loop(ScheduledThreadPoolExecutor executor) {
            this.executor = executor;
        }

        @Override
        public synchronized void execute(Runnable task) {
            if (closed) {
                return;
            }
            tasks.add(task);
            if (!active) {
                active = true;
                executor.execute(this::turn);
            }
        }

        private void turn() {
            for (int i = 0; i < TURN; i++) {
                Runnable next = begin();
                if (next == null) {
                    return;
                }
                try {
                    next.run();
                } catch (Throwable failure) {
                    // It must not end the loop, nor fail unseen.
                    LOG.error("A task on {} failed", name, failure);
                } finally {
                    ended();
                }
            }
            again();
        }

        private synchronized @Nullable Runnable begin() {
            Runnable next = tasks.poll();
            active = next != null;
            running = active ? Thread.currentThread() : null;
            return next;
        }

        private synchronized void ended() {
            running = null;
            notifyAll();
        }

        private synchronized void again() {
            active = !tasks.isEmpty();
            if (active) {
                executor.execute(this::turn);
            }
        }

        @Override
        public synchronized Timer schedule(long delayNanos, Runnable task) {
            if (closed) {
                return NOTHING;
            }
            Delayed delayed = new Delayed(task);
            timers.add(delayed);
            delayed.future = executor.schedule(delayed, delayNanos, TimeUnit.NANOSECONDS);
            return delayed;
        }

        @Override
        public synchronized boolean inLoop() {
            return Thread.currentThread() == running;
        }

        @Override
        public void close() {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
                tasks.clear();
                timers.forEach(Delayed::drop);
                timers.clear();
            }
            try {
                awaitLast();
            } finally {
                EventLoopPool.this.closed();
            }
        }

        private synchronized void awaitLast() {
            Deadline deadline = Deadline.after(Time.system(), CLOSE_WAIT);
            try {
                while (running != null && running != Thread.currentThread()) {
                    long remaining = deadline.remainingNanos(Time.system());
                    if (remaining <= 0) {
                        LOG.warn("{} did not finish its last task within {} s", name, CLOSE_WAIT.toSeconds());
                        return;
                    }
                    TimeUnit.NANOSECONDS.timedWait(this, remaining);
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** A task that waits for its time; the loop's lock guards its future. */
        private final class Delayed implements Timer, Runnable {

            private final Runnable task;
            private @Nullable Future<?> future;

            Delayed(Runnable task) {
                this.task = task;
            }

            @Override
            public void run() {
                synchronized (Loop.this) {
                    if (timers.remove(this)) {
                        execute(task);
                    }
                }
            }

            @Override
            public void cancel() {
                synchronized (Loop.this) {
                    timers.remove(this);
                    drop();
                }
            }

            private void drop() {
                Future<?> waiting = future;
                if (waiting != null) {
                    waiting.cancel(false);
                }
            }
        }
    }
}
