package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.EventLoop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Watches a node while a caller waits for it. A node that was not heard of for 100 ms is sent one probe on behalf of
 * all waiting requests; if it stays silent for half a second, they are all notified. The duration of a single answer
 * says nothing: whatever comes from the node is a sign of life. Thread-safe, lock-free.
 */
final class LivenessProbe {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int ASKED_AT = 2;
    private static final int SILENT_AT = 9;

    private final EventLoop loop;
    private final Runnable ask;
    private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();
    private final AtomicLong arrivals = new AtomicLong();
    private final AtomicBoolean watching = new AtomicBoolean();
    private volatile boolean heard;
    /** Looks in a row, and not time, so that a pause of this process counts for one. Only the loop's. */
    private int quiet;

    /** A caller that waits for an answer of the node, once. */
    abstract static class Waiter {

        private long arrival;

        /** The node has given no sign of life; told on the loop, and once. */
        abstract void silent();
    }

    /** @param ask asks the node for a sign of life; must not block */
    LivenessProbe(EventLoop loop, Runnable ask) {
        this.loop = loop;
        this.ask = ask;
    }

    /** Adds a waiter, which is told if the node is silent, after all that came before it. */
    void await(Waiter waiter) {
        waiter.arrival = arrivals.getAndIncrement();
        waiting.add(waiter);
        watch();
    }

    void forget(Waiter waiter) {
        waiting.remove(waiter);
    }

    /** Something has come from the node. */
    void heard() {
        if (!heard) {
            heard = true;
        }
    }

    private void watch() {
        if (!watching.get() && watching.compareAndSet(false, true)) {
            heard = true;
            loop.schedule(LOOK_NANOS, this::look);
        }
    }

    private void look() {
        quiet = heard ? 0 : quiet + 1;
        heard = false;
        if (quiet == ASKED_AT) {
            ask.run();
        } else if (quiet >= SILENT_AT) {
            quiet = 0;
            List<Waiter> told = new ArrayList<>(waiting);
            told.sort(Comparator.comparingLong(waiter -> waiter.arrival));
            for (Waiter waiter : told) {
                if (waiting.remove(waiter)) {
                    waiter.silent();
                }
            }
        }
        if (!waiting.isEmpty()) {
            loop.schedule(LOOK_NANOS, this::look);
            return;
        }
        watching.set(false);
        if (!waiting.isEmpty()) {
            watch();
        }
    }
}
