package dev.lockstep.cluster.shard;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The leases of entries, first come first served, in the leader's memory. A courtesy: what makes updates safe is the
 * condition they are written under. A lease, and a place in the queue for one, ends with the connection it was asked
 * for over, and when its session has given no sign of life for it. Thread-safe; the lock guards all fields, and no
 * callback runs while it is held.
 */
final class EntryLeases {

    static final int MAX_WAITING = 10_000;
    static final long MAX_WAIT_MILLIS = 60_000;
    static final long MAX_HOLD_MILLIS = 10_000;

    private final Time time;
    private final EventLoop loop;
    /** The first of a queue holds the lease. No queue is empty. */
    private final Map<Entry, LinkedHashMap<LeaseId, Lease>> queues = new HashMap<>();

    private final Map<LeaseId, Lease> leases = new HashMap<>();

    /** When to look at which lease. One timer serves all: a lease that is soon given back again costs none. */
    private final TreeSet<Lease> looks = new TreeSet<>(Lease.BY_LOOK);

    private EventLoop.@Nullable Timer timer;
    private long timerNanos;
    private long lookNumbers;
    private boolean paused;
    private long pausedUntilNanos;

    private record Entry(int cacheId, Bytes key) {}

    /** A lease that is held or waited for. */
    private static final class Lease {

        private static final Comparator<Lease> BY_LOOK = (one, other) -> one.lookNanos != other.lookNanos
                ? Long.signum(one.lookNanos - other.lookNanos)
                : Long.compare(one.lookNumber, other.lookNumber);

        private final Entry entry;
        private final LeaseId id;
        private final Caller caller;
        private final long holdNanos;
        private final long waitsUntilNanos;
        private final Consumer<@Nullable Status> granted;
        private long livesUntilNanos;
        private long lookNanos;
        private long lookNumber;

        Lease(
                Entry entry,
                LeaseId id,
                Caller caller,
                long nowNanos,
                long waitMillis,
                long holdMillis,
                Consumer<@Nullable Status> granted) {
            this.entry = entry;
            this.id = id;
            this.caller = caller;
            this.holdNanos = TimeUnit.MILLISECONDS.toNanos(holdMillis);
            this.waitsUntilNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(waitMillis);
            this.livesUntilNanos = nowNanos + holdNanos;
            this.granted = granted;
        }
    }

    EntryLeases(Time time, EventLoop loop) {
        this.time = time;
        this.loop = loop;
    }

    /**
     * Grants the lease now, later, or not at all: {@link Status#LEASE_TIMEOUT} after {@code waitMillis}. Asking again
     * with the same id takes the place of the first asking. That is told {@link Status#BUSY} if it still waits, as is
     * what ends for another reason: the caller has given up, or asks again.
     *
     * @param holdMillis how long it lives without being asked for again or {@linkplain #renew renewed}, also while it is waited for
     * @param granted takes null when the lease is granted, or why it is not
     */
    void acquire(
            int cacheId,
            Bytes key,
            LeaseId id,
            Caller caller,
            long waitMillis,
            long holdMillis,
            Consumer<@Nullable Status> granted) {
        Entry entry = new Entry(cacheId, key);
        Lease lease = new Lease(entry, id, caller, time.nanos(), waitMillis, holdMillis, granted);
        List<Runnable> told = new ArrayList<>(1);
        synchronized (this) {
            Status refused = refusal(lease);
            if (refused == null) {
                enqueue(lease, told);
            } else {
                told.add(() -> granted.accept(refused));
            }
        }
        told.forEach(Runnable::run);
        if (!caller.isConnected()) {
            disconnected(caller);
        }
    }

    private @Nullable Status refusal(Lease lease) {
        Lease known = leases.get(lease.id);
        if (known != null) {
            return known.entry.equals(lease.entry) ? null : Status.INVALID;
        }
        if (isPaused()) {
            return Status.BUSY;
        }
        return queues.containsKey(lease.entry) && leases.size() - queues.size() >= MAX_WAITING ? Status.BUSY : null;
    }

    private void enqueue(Lease lease, List<Runnable> told) {
        LinkedHashMap<LeaseId, Lease> queue = queues.computeIfAbsent(lease.entry, none -> new LinkedHashMap<>(2));
        Lease known = leases.put(lease.id, lease);
        // In the place of the one with the same id, if there is one.
        queue.put(lease.id, lease);
        boolean holds = holds(lease);
        if (known != null) {
            looks.remove(known);
            if (!holds) {
                told.add(() -> known.granted.accept(Status.BUSY));
            }
        }
        if (holds) {
            told.add(() -> lease.granted.accept(null));
        }
        schedule(lease, holds);
    }

    private boolean holds(Lease lease) {
        return queueOf(lease).values().iterator().next() == lease;
    }

    private LinkedHashMap<LeaseId, Lease> queueOf(Lease lease) {
        return Objects.requireNonNull(queues.get(lease.entry), "a lease is in the queue of its entry");
    }

    private void schedule(Lease lease, boolean holds) {
        lease.lookNanos = time.nanos() + endsIn(lease, holds);
        lease.lookNumber = lookNumbers++;
        looks.add(lease);
        if (timer == null || lease.lookNanos - timerNanos < 0) {
            setTimer(lease.lookNanos);
        }
    }

    private void setTimer(long atNanos) {
        if (timer != null) {
            timer.cancel();
        }
        timerNanos = atNanos;
        timer = loop.schedule(Math.max(0, atNanos - time.nanos()), this::look);
    }

    private long endsIn(Lease lease, boolean holds) {
        long now = time.nanos();
        long lives = lease.livesUntilNanos - now;
        return Math.max(0, holds ? lives : Math.min(lives, lease.waitsUntilNanos - now));
    }

    /** Ends the leases whose time has come, unless they have been renewed or granted meanwhile. */
    private void look() {
        List<Runnable> told = new ArrayList<>();
        synchronized (this) {
            timer = null;
            long now = time.nanos();
            while (!looks.isEmpty() && looks.first().lookNanos - now <= 0) {
                due(Objects.requireNonNull(looks.pollFirst()), told);
            }
            if (!looks.isEmpty() && (timer == null || looks.first().lookNanos - timerNanos < 0)) {
                setTimer(looks.first().lookNanos);
            }
        }
        told.forEach(Runnable::run);
    }

    private void due(Lease lease, List<Runnable> told) {
        boolean holds = holds(lease);
        if (endsIn(lease, holds) > 0) {
            schedule(lease, holds);
        } else {
            end(lease, lease.livesUntilNanos - time.nanos() > 0 ? Status.LEASE_TIMEOUT : Status.BUSY, told);
        }
    }

    /**
     * Takes a sign of life of the session that holds the lease or waits for it. Nothing happens if there is no such
     * lease (any more).
     */
    synchronized void renew(LeaseId id) {
        Lease lease = leases.get(id);
        if (lease != null) {
            lease.livesUntilNanos = time.nanos() + lease.holdNanos;
        }
    }

    /** Ends the lease, or the wait for it. Nothing happens if there is no such lease (any more). */
    void release(int cacheId, Bytes key, LeaseId id) {
        List<Runnable> told = new ArrayList<>(1);
        synchronized (this) {
            Lease lease = leases.get(id);
            if (lease == null || !lease.entry.equals(new Entry(cacheId, key))) {
                return;
            }
            end(lease, Status.BUSY, told);
        }
        told.forEach(Runnable::run);
    }

    /** Ends all that was asked for over a connection that is closed. */
    void disconnected(Caller caller) {
        List<Runnable> told = new ArrayList<>();
        synchronized (this) {
            for (Lease lease : List.copyOf(leases.values())) {
                if (lease.caller == caller && leases.get(lease.id) == lease) {
                    end(lease, Status.BUSY, told);
                }
            }
        }
        told.forEach(Runnable::run);
    }

    /** @param why it is not granted, for one that waits */
    private void end(Lease lease, Status why, List<Runnable> told) {
        boolean held = holds(lease);
        LinkedHashMap<LeaseId, Lease> queue = queueOf(lease);
        remove(lease);
        queue.remove(lease.id);
        if (!held) {
            told.add(() -> lease.granted.accept(why));
        } else {
            passOn(lease.entry, queue, told);
        }
    }

    /** Gives a lease that has become free to the first in the queue that is there to take it. */
    private void passOn(Entry entry, LinkedHashMap<LeaseId, Lease> queue, List<Runnable> told) {
        long now = time.nanos();
        for (Iterator<Lease> waiting = queue.values().iterator(); waiting.hasNext(); ) {
            Lease next = waiting.next();
            if (!isPaused() && next.livesUntilNanos - now > 0 && next.caller.isConnected()) {
                told.add(() -> next.granted.accept(null));
                return;
            }
            waiting.remove();
            remove(next);
            told.add(() -> next.granted.accept(Status.BUSY));
        }
        queues.remove(entry);
    }

    private void remove(Lease lease) {
        looks.remove(lease);
        leases.remove(lease.id);
    }

    /**
     * Grants no lease for some time, or until the leadership ends: leadership is about to be handed over, a lease would end with it, and its
     * code would run again elsewhere. New callers, and those whose turn it would be, are told {@link Status#BUSY}.
     *
     * @param despiteLeases whether to do so even while leases are held
     * @return false if leases are held, and nothing has changed
     */
    synchronized boolean pause(long nanos, boolean despiteLeases) {
        if (!queues.isEmpty() && !despiteLeases) {
            return false;
        }
        paused = true;
        pausedUntilNanos = time.nanos() + nanos;
        return true;
    }

    private boolean isPaused() {
        paused = paused && pausedUntilNanos - time.nanos() > 0;
        return paused;
    }

    /** The leases that are held, and the callers that wait for one. */
    record Counts(int held, int waiting) {}

    synchronized Counts counts() {
        return new Counts(queues.size(), leases.size() - queues.size());
    }

    /** Takes all leases back: they end with the leadership. All waiters are refused with {@link Status#NO_LEADER}. */
    void dropAll() {
        List<Lease> dropped = new ArrayList<>();
        synchronized (this) {
            for (Lease lease : leases.values()) {
                if (!holds(lease)) {
                    dropped.add(lease);
                }
            }
            queues.clear();
            leases.clear();
            looks.clear();
            paused = false;
        }
        dropped.forEach(lease -> lease.granted.accept(Status.NO_LEADER));
    }
}
