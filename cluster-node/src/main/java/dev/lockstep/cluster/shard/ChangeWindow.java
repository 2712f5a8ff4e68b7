package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The last changes of a shard, which are part of its checkpoints, and those who want to hear of the next: they are told by an
 * executor, so that the thread which applies neither encodes nor writes to a connection. Thread-safe: its own lock guards the
 * window and what is still untold; {@code telling} guards the subscribers and is held while they are told, so that each hears
 * everything once and in order. They must not block. The second lock is never taken while the first is held.
 */
final class ChangeWindow {

    static final int MAX_CHANGES = 4_096;
    static final long MAX_BYTES = 4L * 1024 * 1024;
    /** The most bytes in one reply, unless a single change has more. */
    static final int MAX_REPLY_BYTES = 1024 * 1024;

    /** More than this is not kept for the executor: the thread that applies tells it then. */
    static final long MAX_UNTOLD_BYTES = 4 * MAX_BYTES;

    private final Executor teller;
    private final Object telling = new Object();
    private final Deque<Positioned> window = new ArrayDeque<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Deque<Positioned> untold = new ArrayDeque<>();
    private int listening;
    private long untoldBytes;
    private int size;
    private long bytes;
    private long oldest;
    private long newest;

    private record Positioned(long position, List<CacheChange> changes, long bytes) {}

    /** @param after has been told; a replica may be behind what another has told */
    private record Subscriber(int cacheId, long after, Consumer<Reply> replies) {}

    /** @param teller runs what tells the subscribers, one task after another */
    ChangeWindow(Executor teller) {
        this.teller = teller;
    }

    /** Adds the changes of a position, and has the subscribers told of them soon. */
    void applied(long position, List<CacheChange> changes) {
        int positions = add(position, changes);
        if (isTooMuchUntold()) {
            tellUntold();
        } else if (positions == 1) {
            teller.execute(this::tellUntold);
        }
    }

    /**
     * Adds changes to the window, and returns the number of positions not yet sent to subscribers; 0 if there is no more
     * to send than before.
     */
    private synchronized int add(long position, List<CacheChange> changes) {
        newest = position;
        if (changes.isEmpty()) {
            return 0;
        }
        Positioned added = positioned(position, changes);
        window.add(added);
        size += changes.size();
        bytes += added.bytes();
        while ((size > MAX_CHANGES || bytes > MAX_BYTES) && window.size() > 1) {
            Positioned dropped = window.remove();
            size -= dropped.changes().size();
            bytes -= dropped.bytes();
            oldest = dropped.position();
        }
        if (listening == 0) {
            return 0;
        }
        untold.add(added);
        untoldBytes += added.bytes();
        return untold.size();
    }

    private synchronized boolean isTooMuchUntold() {
        return untoldBytes > MAX_UNTOLD_BYTES;
    }

    private void tellUntold() {
        synchronized (telling) {
            for (Positioned next = nextUntold(); next != null; next = nextUntold()) {
                tell(List.copyOf(subscribers), next);
            }
        }
    }

    private synchronized @Nullable Positioned nextUntold() {
        Positioned next = untold.poll();
        untoldBytes -= next == null ? 0 : next.bytes();
        return next;
    }

    /** As it is now, to travel in a checkpoint, so that who listens misses nothing when a replica goes on from it. */
    synchronized List<byte[]> records() {
        List<byte[]> records = new ArrayList<>(window.size() + 1);
        records.add(new WireWriter(16).varint(window.size()).varint(oldest).toByteArray());
        window.forEach(positioned -> records.add(encode(positioned)));
        return records;
    }

    /** Encodes an empty window that starts after a position: subscribers behind it receive a gap. */
    static byte[] record(long position) {
        return new WireWriter(16).varint(0).varint(position).toByteArray();
    }

    /** There has been nothing before the position that this replica could tell. */
    synchronized void begin(long position) {
        oldest = position;
        newest = position;
    }

    private static byte[] encode(Positioned positioned) {
        WireWriter out = new WireWriter(256).varint(positioned.position());
        out.list(positioned.changes(), (o, change) -> {
            o.varint(change.cacheId());
            ValueCodec.change(o, change.change());
        });
        return out.toByteArray();
    }

    /** The changes of {@link #records}, one record after another. Not thread-safe. */
    static final class Restored {

        private final List<Positioned> changes = new ArrayList<>();
        private long oldest;
        private long expected = -1;

        /** Tells whether this record belongs to it too; if not, neither do those that follow. */
        boolean take(byte[] record) {
            if (expected == changes.size()) {
                return false;
            }
            WireReader in = new WireReader(record);
            if (expected < 0) {
                expected = in.varint();
                oldest = in.varint();
            } else {
                long position = in.varint();
                List<CacheChange> all = in.list(i -> new CacheChange(i.size(), ValueCodec.change(i)));
                changes.add(positioned(position, all));
            }
            in.end();
            return true;
        }
    }

    /**
     * A checkpoint has brought all changes up to a position at once. Subscribers whose position precedes the window
     * receive a gap.
     */
    void become(Restored restored, long position) {
        synchronized (telling) {
            tellUntold();
            long told = replace(restored, position);
            for (Subscriber subscriber : List.copyOf(subscribers)) {
                if (Math.max(told, subscriber.after()) < restored.oldest) {
                    remove(subscriber);
                    subscriber.replies().accept(new Reply.Gap(restored.oldest));
                }
            }
            for (Positioned next : restored.changes) {
                if (next.position() > told) {
                    tell(List.copyOf(subscribers), next);
                }
            }
        }
    }

    /** The newest position before. */
    private synchronized long replace(Restored restored, long position) {
        long before = newest;
        window.clear();
        window.addAll(restored.changes);
        size = window.stream()
                .mapToInt(positioned -> positioned.changes().size())
                .sum();
        bytes = window.stream().mapToLong(Positioned::bytes).sum();
        oldest = restored.oldest;
        newest = position;
        return before;
    }

    private static Positioned positioned(long position, List<CacheChange> changes) {
        return new Positioned(
                position,
                changes,
                changes.stream().mapToLong(change -> size(change.change())).sum());
    }

    private static int size(EntryChange change) {
        return 64
                + change.key().size()
                + (change.value() == null ? 0 : change.value().size())
                + (change.old() == null ? 0 : change.old().size());
    }

    /** Tells the changes of one position: those of a cache are one and the same reply for all its subscribers. */
    private static void tell(List<Subscriber> subscribers, Positioned positioned) {
        long position = positioned.position();
        Map<Integer, List<Reply>> byCache = new HashMap<>();
        for (Subscriber subscriber : subscribers) {
            if (position <= subscriber.after()) {
                continue;
            }
            byCache.computeIfAbsent(subscriber.cacheId(), cacheId -> replies(cacheId, positioned))
                    .forEach(subscriber.replies());
        }
    }

    /**
     * A cache's changes of one position, in parts if they are large. Before the last part the position is not reached:
     * should the connection end there, the parts before are told again.
     */
    private static List<Reply> replies(int cacheId, Positioned positioned) {
        List<Reply> replies = new ArrayList<>();
        List<EntryChange> part = new ArrayList<>();
        int partBytes = 0;
        for (CacheChange change : positioned.changes()) {
            if (change.cacheId() != cacheId) {
                continue;
            }
            int next = size(change.change());
            if (!part.isEmpty() && partBytes + next > MAX_REPLY_BYTES) {
                replies.add(new Reply.Changes(positioned.position() - 1, part));
                part = new ArrayList<>();
                partBytes = 0;
            }
            part.add(change.change());
            partBytes += next;
        }
        if (!part.isEmpty()) {
            replies.add(new Reply.Changes(positioned.position(), part));
        }
        return replies;
    }

    /**
     * Tells what came after a position, then what comes.
     *
     * @param after exclusive; -1 for from now on
     * @return ends the subscription
     */
    Runnable subscribe(int cacheId, long after, Consumer<Reply> replies) {
        synchronized (telling) {
            Past past = past(after);
            if (past == null) {
                replies.accept(new Reply.Gap(oldest()));
                return () -> {};
            }
            replies.accept(new Reply.Subscribed(past.from()));
            List<Subscriber> alone = List.of(new Subscriber(cacheId, past.from(), replies));
            past.changes().forEach(positioned -> tell(alone, positioned));
            // What is untold of the past has just been told to this one.
            Subscriber subscriber = new Subscriber(cacheId, Math.max(past.from(), past.newest()), replies);
            subscribers.add(subscriber);
            return () -> remove(subscriber);
        }
    }

    /** The window's contents when a subscriber joins, and the position after which its changes start. */
    private record Past(long from, long newest, List<Positioned> changes) {}

    /** Null if the window no longer has what came after the position; else what is added from now on waits to be told. */
    private synchronized @Nullable Past past(long after) {
        if (after >= 0 && after < oldest) {
            return null;
        }
        listening++;
        return new Past(after < 0 ? newest : after, newest, List.copyOf(window));
    }

    private synchronized long oldest() {
        return oldest;
    }

    private void remove(Subscriber subscriber) {
        synchronized (telling) {
            if (subscribers.remove(subscriber)) {
                leave();
            }
        }
    }

    private synchronized void leave() {
        listening--;
    }
}
