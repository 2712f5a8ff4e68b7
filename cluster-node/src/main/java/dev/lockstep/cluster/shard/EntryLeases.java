package dev.lockstep.cluster.shard;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who may work on an entry, first come first served, in the leader's memory. A courtesy: what makes updates safe is the
 * condition they are written under. Thread-safe; the lock guards all fields, and nobody is told while it is held.
 */
final class EntryLeases {

    static final int MAX_WAITING = 10_000;
    static final long MAX_WAIT_MILLIS = 60_000;
    static final long MAX_HOLD_MILLIS = 300_000;

    private final EventLoop loop;
    private final Map<Entry, Queue> queues = new HashMap<>();
    private int waiting;

    private record Entry(int cacheId, Bytes key) {}

    /** @param granted takes null when the lease is granted, or why it is not */
    private record Wait(LeaseId id, long holdMillis, Consumer<@Nullable Status> granted) {}

    private static final class Queue {
        private @Nullable LeaseId holder;
        private EventLoop.@Nullable Timer end;
        private final Deque<Wait> waits = new ArrayDeque<>();
    }

    EntryLeases(EventLoop loop) {
        this.loop = loop;
    }

    /**
     * Grants the lease now, later, or not at all. Asking again with the same id takes the place of the first asking, which is told
     * {@link Status#BUSY} if it still waits: whoever asked has stopped listening to that.
     */
    void acquire(
            int cacheId, Bytes key, LeaseId id, long waitMillis, long holdMillis, Consumer<@Nullable Status> granted) {
        Entry entry = new Entry(cacheId, key);
        Wait wait = new Wait(id, holdMillis, granted);
        boolean free;
        boolean full = false;
        Wait replaced = null;
        synchronized (this) {
            Queue queue = queues.computeIfAbsent(entry, none -> new Queue());
            free = queue.holder == null || queue.holder.equals(id);
            if (free) {
                queue.holder = id;
            } else {
                replaced = replace(queue, wait);
                full = replaced == null && waiting >= MAX_WAITING;
                if (replaced == null && !full) {
                    waiting++;
                    queue.waits.add(wait);
                }
            }
        }
        if (replaced != null) {
            replaced.granted().accept(Status.BUSY);
        }
        if (full) {
            granted.accept(Status.BUSY);
        } else if (free) {
            grant(entry, wait);
        } else {
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(waitMillis), () -> giveUp(entry, wait));
        }
    }

    /** Puts it in the place of the one with the same id, which is returned; null if there is none. */
    private static @Nullable Wait replace(Queue queue, Wait wait) {
        for (int i = queue.waits.size(); i > 0; i--) {
            Wait next = queue.waits.remove();
            queue.waits.add(next.id().equals(wait.id()) ? wait : next);
            if (next.id().equals(wait.id())) {
                rotate(queue, i - 1);
                return next;
            }
        }
        return null;
    }

    private static void rotate(Queue queue, int times) {
        for (int i = 0; i < times; i++) {
            queue.waits.add(queue.waits.remove());
        }
    }

    private void grant(Entry entry, Wait wait) {
        EventLoop.Timer end = loop.schedule(
                TimeUnit.MILLISECONDS.toNanos(wait.holdMillis()),
                () -> release(entry.cacheId(), entry.key(), wait.id()));
        EventLoop.Timer useless = end;
        synchronized (this) {
            Queue queue = queues.get(entry);
            if (queue != null && wait.id().equals(queue.holder)) {
                useless = queue.end;
                queue.end = end;
            }
        }
        if (useless != null) {
            useless.cancel();
        }
        wait.granted().accept(null);
    }

    private void giveUp(Entry entry, Wait wait) {
        boolean removed;
        synchronized (this) {
            Queue queue = queues.get(entry);
            removed = queue != null && queue.waits.remove(wait);
            waiting -= removed ? 1 : 0;
        }
        if (removed) {
            wait.granted().accept(Status.LEASE_TIMEOUT);
        }
    }

    /** Gives the lease to the next. Nothing happens if {@code id} does not hold it. */
    void release(int cacheId, Bytes key, LeaseId id) {
        Entry entry = new Entry(cacheId, key);
        Wait next;
        synchronized (this) {
            Queue queue = queues.get(entry);
            if (queue == null || !id.equals(queue.holder)) {
                return;
            }
            if (queue.end != null) {
                queue.end.cancel();
                queue.end = null;
            }
            next = queue.waits.poll();
            queue.holder = next == null ? null : next.id();
            if (next == null) {
                queues.remove(entry);
            } else {
                waiting--;
            }
        }
        if (next != null) {
            grant(entry, next);
        }
    }

    /** Whether no lease is held. */
    synchronized boolean isEmpty() {
        return queues.isEmpty();
    }

    /** Takes all leases back: they end with the leadership. Whoever waits is told {@link Status#NO_LEADER}. */
    void dropAll() {
        List<Wait> dropped = new ArrayList<>();
        synchronized (this) {
            for (Queue queue : queues.values()) {
                if (queue.end != null) {
                    queue.end.cancel();
                }
                dropped.addAll(queue.waits);
            }
            queues.clear();
            waiting = 0;
        }
        dropped.forEach(wait -> wait.granted().accept(Status.NO_LEADER));
    }
}
