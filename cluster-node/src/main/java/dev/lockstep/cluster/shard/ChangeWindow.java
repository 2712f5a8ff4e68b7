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

    private final Deque<Positioned> window = new ArrayDeque<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private int size;
    private long oldest;
    private long newest;

    private record Positioned(long position, List<CacheChange> changes) {}

    private record Subscriber(int cacheId, Consumer<Reply> replies) {}

    synchronized void applied(long position, List<CacheChange> changes) {
        newest = position;
        if (changes.isEmpty()) {
            return;
        }
        window.add(new Positioned(position, changes));
        size += changes.size();
        while (size > MAX_CHANGES && window.size() > 1) {
            Positioned dropped = window.remove();
            size -= dropped.changes().size();
            oldest = dropped.position();
        }
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            tell(subscriber, position, changes);
        }
    }

    private static void tell(Subscriber subscriber, long position, List<CacheChange> changes) {
        List<EntryChange> wanted = new ArrayList<>();
        for (CacheChange change : changes) {
            if (change.cacheId() == subscriber.cacheId()) {
                wanted.add(change.change());
            }
        }
        if (!wanted.isEmpty()) {
            subscriber.replies().accept(new Reply.Changes(position, wanted));
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
        Subscriber subscriber = new Subscriber(cacheId, replies);
        replies.accept(new Reply.Subscribed(after < 0 ? newest : after));
        for (Positioned past : window) {
            if (after >= 0 && past.position() > after) {
                tell(subscriber, past.position(), past.changes());
            }
        }
        subscribers.add(subscriber);
        return () -> remove(subscriber);
    }

    private synchronized void remove(Subscriber subscriber) {
        subscribers.remove(subscriber);
    }
}
