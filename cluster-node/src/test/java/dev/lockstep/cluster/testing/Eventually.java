package dev.lockstep.cluster.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waits for a condition, not for a time. */
public final class Eventually {

    private static final Duration WITHIN = Duration.ofSeconds(30);

    private Eventually() {}

    /** Returns once {@code condition} holds, and fails if it does not within thirty seconds. */
    public static void holds(String what, Callable<Boolean> condition) throws Exception {
        holds(() -> what, condition);
    }

    /** @param what asked for when it does not hold, to tell how far things are */
    public static void holds(Supplier<String> what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + WITHIN.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("Not within " + WITHIN.toSeconds() + " s: " + what.get());
            }
            Thread.sleep(5);
        }
    }
}
