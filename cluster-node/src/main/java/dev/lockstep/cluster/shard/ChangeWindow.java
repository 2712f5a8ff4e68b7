package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * The last changes of a shard, and those who want to hear of the next. Thread-safe: the lock guards all fields, and is held
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
        long added = changes.stream().mapToLong(change -> size(change.change())).sum();
        window.add(new Positioned(position, changes, added));
        size += changes.size();
        bytes += added;
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
