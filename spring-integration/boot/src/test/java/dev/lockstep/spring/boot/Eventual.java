package dev.lockstep.spring.boot;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what is bound to come. */
final class Eventual {

    private static final Duration WITHIN = Duration.ofSeconds(30);

    private Eventual() {}

    static void holds(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + WITHIN.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("It did not come to hold within " + WITHIN);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
