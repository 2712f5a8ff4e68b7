package dev.lockstep.protocol.runtime;

import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Creates the threads of Lockstep: they outlive the application that happened to be the first, so they keep nothing of
 * it. Stateless.
 */
public final class Threads {

    private static final long IDLE_SECONDS = 10;

    private Threads() {}

    /**
     * A daemon thread that inherits nothing of the thread that makes it: no context class loader, no inheritable thread locals, and no
     * access control context, in which the class loaders of all callers would be.
     */
    @SuppressWarnings("removal") // Without it a JDK before 24 notes the protection domains of the callers on the stack.
    public static Thread daemon(Runnable work, String name) {
        return AccessController.doPrivileged((PrivilegedAction<Thread>) () -> {
            Thread created = new Thread(null, work, name, 0, false);
            created.setDaemon(true);
            created.setContextClassLoader(Threads.class.getClassLoader());
            return created;
        });
    }

    /**
     * Creates a pool of such threads, which end when they have had nothing to do for some seconds.
     *
     * @param threads the most there are
     * @param waiting tasks that may wait for one; the next is refused with a {@link RejectedExecutionException}
     */
    public static ExecutorService pool(String name, int threads, int waiting) {
        var pool = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(waiting),
                work -> daemon(work, name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /**
     * Does something on such a thread and waits for it, so that the threads which it starts keep nothing of the caller's either.
     *
     * @param name of the thread
     * @throws RuntimeException as {@code work} does
     */
    public static <T> T apart(String name, Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread apart = daemon(
                () -> {
                    try {
                        result.complete(work.get());
                    } catch (RuntimeException | Error failure) {
                        result.completeExceptionally(failure);
                    }
                },
                name);
        apart.start();
        await(apart);
        try {
            return result.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failed.getCause();
        }
    }

    /** An interrupt of the caller is passed on, and kept. */
    private static void await(Thread apart) {
        boolean interrupted = false;
        while (apart.isAlive()) {
            try {
                apart.join();
            } catch (InterruptedException told) {
                apart.interrupt();
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
