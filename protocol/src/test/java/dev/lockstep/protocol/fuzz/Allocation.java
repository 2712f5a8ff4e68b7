package dev.lockstep.protocol.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;

/** Measures the bytes that a task allocates on its thread. Stateless. */
public final class Allocation {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {}

    /**
     * Does the work, which must allocate no more than {@code maxBytes}, whether it succeeds or throws. Work over the limit is
     * done once more before it is judged: classes are loaded only once.
     *
     * @param work has no effect that a second time would change
     */
    public static <T> T atMost(long maxBytes, Supplier<T> work) {
        long before = allocated();
        try {
            return work.get();
        } finally {
            if (allocated() - before > maxBytes) {
                again(maxBytes, work);
            }
        }
    }

    private static void again(long maxBytes, Supplier<?> work) {
        long before = allocated();
        try {
            var unused = work.get();
        } catch (RuntimeException sameAsBefore) {
            // The first time's outcome is the caller's.
        }
        long allocated = allocated() - before;
        if (allocated > maxBytes) {
            throw new AssertionError(allocated + " bytes were allocated; " + maxBytes + " would have been too many");
        }
    }

    private static long allocated() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
