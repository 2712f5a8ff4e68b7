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
import java.util.List;
import java.util.function.Consumer;

/**
 * The last changes of a shard, and those who want to hear of the next. They are part of its checkpoints. Thread-safe: the lock guards all fields, and is held
 * while subscribers are told, so that each hears everything once and in order; they must not block.
 */
final class ChangeWindow {

    static final int MAX_CHANGES = 4_096;
    static final long MAX_BYTES = 4L * 1024 * 1024;
    /** What one reply brings at most, unless a single change has more. */
    static final int MAX_REPLY_BYTES = 1024 * 1024;

    private final Deque<Positioned> window = new ArrayDeque<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private int size;
    private long bytes;
    private long oldest;
    private long newest;

    private record Positioned(long position, List<CacheChange> changes, long bytes) {}

    /** @param after has been told; a replica may be behind what another has told */
    private record Subscriber(int cacheId, long after, Consumer<Reply> replies) {}

    synchronized void applied(long position, List<CacheChange> changes) {
        newest = position;
        if (changes.isEmpty()) {
            return;
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
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            tell(subscriber, position, changes);
        }
    }

    /** As it is now, to travel in a checkpoint, so that who listens misses nothing when a replica goes on from it. */
    synchronized List<byte[]> records() {
        List<byte[]> records = new ArrayList<>(window.size() + 1);
        records.add(new WireWriter(16).varint(window.size()).varint(oldest).toByteArray());
        window.forEach(positioned -> records.add(encode(positioned)));
        return records;
    }

    /** Of a window that begins behind a position: who has heard less than that has missed something. */
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

        /** Whether this one belongs to it too; if not, neither do those that follow. */
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
     * A checkpoint has brought all changes up to a position at once. Who has heard of what it tells no more is told that he has
     * missed it.
     */
    synchronized void become(Restored restored, long position) {
        long told = newest;
        window.clear();
        window.addAll(restored.changes);
        size = window.stream()
                .mapToInt(positioned -> positioned.changes().size())
                .sum();
        bytes = window.stream().mapToLong(Positioned::bytes).sum();
        oldest = restored.oldest;
        newest = position;
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            if (Math.max(told, subscriber.after()) < oldest) {
                subscribers.remove(subscriber);
                subscriber.replies().accept(new Reply.Gap(oldest));
                continue;
            }
            for (Positioned next : window) {
                if (next.position() > told) {
                    tell(subscriber, next.position(), next.changes());
                }
            }
        }
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

    /**
     * Tells the changes of one position, in parts if they are large. Before the last part the position is not reached:
     * should the connection end there, the parts before are told again.
     */
    private static void tell(Subscriber subscriber, long position, List<CacheChange> changes) {
        List<EntryChange> part = new ArrayList<>();
        int partBytes = 0;
        for (CacheChange change : changes) {
            if (change.cacheId() != subscriber.cacheId() || position <= subscriber.after()) {
                continue;
            }
            int next = size(change.change());
            if (!part.isEmpty() && partBytes + next > MAX_REPLY_BYTES) {
                subscriber.replies().accept(new Reply.Changes(position - 1, part));
                part = new ArrayList<>();
                partBytes = 0;
            }
            part.add(change.change());
            partBytes += next;
        }
        if (!part.isEmpty()) {
            subscriber.replies().accept(new Reply.Changes(position, part));
        }
    }

    /**
     * Tells what came after a position, then what comes.
     *
     * @param after exclusive; -1 for from now on
     * @return ends the subscription
     */
    synchronized Runnable subscribe(int cacheId, long after, Consumer<Reply> replies) {
        if (after >= 0 && after < oldest) {
            replies.accept(new Reply.Gap(oldest));
            return () -> {};
        }
        long from = after < 0 ? newest : after;
        Subscriber subscriber = new Subscriber(cacheId, from, replies);
        replies.accept(new Reply.Subscribed(from));
        for (Positioned past : window) {
            tell(subscriber, past.position(), past.changes());
        }
        subscribers.add(subscriber);
        return () -> remove(subscriber);
    }

    private synchronized void remove(Subscriber subscriber) {
        subscribers.remove(subscriber);
    }
}
