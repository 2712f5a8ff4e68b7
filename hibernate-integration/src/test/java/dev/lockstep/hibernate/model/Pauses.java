package dev.lockstep.hibernate.model;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Points in this JVM at which the next thread that comes by waits, if it was asked for. Thread-safe. */
public final class Pauses {

    private static final Map<String, Gate> ARMED = new ConcurrentHashMap<>();
    private static final Map<String, Gate> GATES = new ConcurrentHashMap<>();

    private record Gate(CountDownLatch reached, CountDownLatch open) {}

    private Pauses() {}

    /** The next one at this point waits. */
    public static void arm(String point) {
        Gate gate = new Gate(new CountDownLatch(1), new CountDownLatch(1));
        GATES.put(point, gate);
        ARMED.put(point, gate);
    }

    /** A thread is at a point. */
    public static void at(String point) {
        Gate gate = ARMED.remove(point);
        if (gate != null) {
            gate.reached().countDown();
            await(point, gate.open());
        }
    }

    /** Waits until a thread waits there. */
    public static void awaitReached(String point) {
        await(point, GATES.get(point).reached());
    }

    /** Lets the thread that waits there continue. */
    public static void open(String point) {
        GATES.get(point).open().countDown();
    }

    private static void await(String point, CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Nothing happened at " + point + " for 30 s");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
