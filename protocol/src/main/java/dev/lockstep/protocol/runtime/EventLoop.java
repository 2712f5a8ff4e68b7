package dev.lockstep.protocol.runtime;

import java.util.concurrent.Executor;

/**
 * One thread's worth of work: tasks run one after another, in the order in which they were given or fell due. The only
 * door to threads, so that a simulation can run every loop in one thread. Thread-safe.
 */
public interface EventLoop extends Executor, AutoCloseable {

    /** Runs {@code task} after everything given before it. After {@link #close} the task is dropped silently. */
    @Override
    void execute(Runnable task);

    /**
     * Runs {@code task} on this loop once, no sooner than {@code delayNanos} from now.
     *
     * @param delayNanos zero or more
     */
    Timer schedule(long delayNanos, Runnable task);

    /** Tells whether the caller is this loop's own thread. */
    boolean inLoop();

    /** Drops what is waiting, lets the running task finish, and waits for it at most five seconds. Idempotent. */
    @Override
    void close();

    /** A task that waits for its time. */
    interface Timer {

        /** Drops the task if it has not begun. Idempotent. */
        void cancel();
    }

    /** A loop on a daemon thread of its own, named {@code name}. */
    static EventLoop threaded(String name) {
        return new ThreadedEventLoop(name);
    }
}
