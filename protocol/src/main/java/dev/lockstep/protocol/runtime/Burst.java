package dev.lockstep.protocol.runtime;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Work that has come together, such as all frames of one read from a socket, done by one thread without a pause. Tasks that need
 * to be done only once for all of it are left to its end: each shard proposes one batch, each connection is written to once. No task
 * waits for more work to come. Thread-safe, since each thread has bursts of its own.
 */
public final class Burst {

    private static final ThreadLocal<Burst> OF_THREAD = ThreadLocal.withInitial(Burst::new);

    private final Set<Runnable> atEnd = new LinkedHashSet<>();
    private boolean running;

    private Burst() {}

    /** Work that may fail. */
    public interface Work<X extends Throwable> {
        void run() throws X;
    }

    /**
     * Does work as one burst, or as a part of the thread's burst if there is one. Tasks that are left to the end run also when the
     * work fails.
     */
    public static <X extends Throwable> void run(Work<X> work) throws X {
        Burst burst = OF_THREAD.get();
        if (burst.running) {
            work.run();
            return;
        }
        burst.running = true;
        try {
            work.run();
        } finally {
            try {
                burst.runTasks();
            } finally {
                burst.running = false;
            }
        }
    }

    /**
     * Leaves a task to the end of the thread's burst, or runs it now if there is none. One that is left to it already, by
     * {@code equals}, is not added again.
     *
     * @param task may leave tasks to the end itself; must not block
     */
    public static void atEnd(Runnable task) {
        Burst burst = OF_THREAD.get();
        if (burst.running) {
            burst.atEnd.add(task);
        } else {
            task.run();
        }
    }

    /** Runs now what is left to the end of the thread's burst: to be called before the thread waits for what may come of that. */
    public static void flush() {
        OF_THREAD.get().runTasks();
    }

    /** Runs tasks until none is left, also after one that fails. */
    private void runTasks() {
        @Nullable RuntimeException failed = null;
        while (!atEnd.isEmpty()) {
            Iterator<Runnable> tasks = atEnd.iterator();
            Runnable next = tasks.next();
            tasks.remove();
            try {
                next.run();
            } catch (RuntimeException failure) {
                if (failed == null) {
                    failed = failure;
                } else {
                    failed.addSuppressed(failure);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
