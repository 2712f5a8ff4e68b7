package dev.lockstep.cluster.readindex;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Completes waiters once a position that only rises reaches theirs. Callers signal that it has; because some advances are not
 * signalled, it is also polled every other millisecond while there are waiters. Thread-safe; the lock guards all fields, and no
 * waiter is completed while it is held.
 */
public final class AppliedPositionWaiters {

    static final int MAX_WAITING = 65_536;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final LongSupplier reached;
    private final Time time;
    private final EventLoop loop;
    private final PriorityQueue<Wait> waits = new PriorityQueue<>(Comparator.comparingLong(Wait::position));
    private volatile long lowest = Long.MAX_VALUE;
    private boolean looking;

    private record Wait(long position, long untilNanos, Consumer<Boolean> then) {}

    /** @param reached the number; cheap, and never falls */
    public AppliedPositionWaiters(LongSupplier reached, Time time, EventLoop loop) {
        this.reached = reached;
        this.time = time;
        this.loop = loop;
    }

    /**
     * Tells true as soon as the position is reached, or false after {@code nanos}, or when too many wait already. At once on
     * the caller's thread if nothing is to be waited for, else on the loop.
     */
    public void await(long position, long nanos, Consumer<Boolean> then) {
        boolean now = reached.getAsLong() >= position;
        boolean full = false;
        if (!now) {
            synchronized (this) {
                full = waits.size() >= MAX_WAITING;
                if (!full) {
                    waits.add(new Wait(position, time.nanos() + nanos, then));
                    lowest = waits.peek().position();
                    if (!looking) {
                        looking = true;
                        loop.schedule(LOOK_NANOS, this::look);
                    }
                }
            }
        }
        if (now || full) {
            then.accept(now);
        } else {
            advanced();
        }
    }

    /** The number has risen. */
    public void advanced() {
        if (lowest <= reached.getAsLong()) {
            loop.execute(this::release);
        }
    }

    private void look() {
        release();
        List<Wait> late = new ArrayList<>();
        synchronized (this) {
            long now = time.nanos();
            for (Iterator<Wait> all = waits.iterator(); all.hasNext(); ) {
                Wait wait = all.next();
                if (now - wait.untilNanos() >= 0) {
                    all.remove();
                    late.add(wait);
                }
            }
            lowest = waits.isEmpty() ? Long.MAX_VALUE : waits.peek().position();
            looking = !waits.isEmpty();
            if (looking) {
                loop.schedule(LOOK_NANOS, this::look);
            }
        }
        late.forEach(wait -> wait.then().accept(false));
    }

    private void release() {
        List<Wait> done = new ArrayList<>();
        synchronized (this) {
            long position = reached.getAsLong();
            while (!waits.isEmpty() && waits.peek().position() <= position) {
                done.add(waits.poll());
            }
            lowest = waits.isEmpty() ? Long.MAX_VALUE : waits.peek().position();
        }
        done.forEach(wait -> wait.then().accept(true));
    }
}
