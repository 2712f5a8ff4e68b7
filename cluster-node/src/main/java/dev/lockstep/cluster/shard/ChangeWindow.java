package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.Versions;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The last changes of a shard, which are part of its checkpoints, and the subscribers to the next: they are notified
 * by an executor, so that the thread which applies neither encodes nor writes to a connection. Thread-safe: its own
 * lock guards the window and the changes that are yet to be sent; {@code telling} guards the subscribers and is held
 * while they are notified, so that each receives everything once and in order. They must not block. The second lock
 * is never taken while the first is held.
 */
final class ChangeWindow {

    static final int MAX_CHANGES = 4_096;
    static final long MAX_BYTES = 4L * 1024 * 1024;
    /** The most bytes in one reply, unless a single change has more. */
    static final int MAX_REPLY_BYTES = 1024 * 1024;

    /** The most changes of other caches, and their bytes, before a stream is told how far it is: a quarter of a window. */
    static final int MAX_PASSED_OVER = MAX_CHANGES / 4;

    /** The part of a window that the bytes of such changes may have: a quarter. */
    static final int PASSED_OVER_SHARE = 4;

    /** More than so many windows are not kept for the executor: the thread that applies tells it then. */
    static final int MAX_UNTOLD_WINDOWS = 4;

    private final long maxBytes;
    private final Executor teller;
    private final Object telling = new Object();
    private final Deque<Positioned> window = new ArrayDeque<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final LongAdder gaps = new LongAdder();
    /** Guarded by {@code telling}; null while subscriptions are taken. */
    private Reply.@Nullable Refused ended;

    private final Deque<Positioned> untold = new ArrayDeque<>();
    private int listening;
    private long untoldBytes;
    private int size;
    private long bytes;
    private long oldest;
    private long newest;

    private record Positioned(long position, List<CacheChange> changes, long bytes) {}

    /** A stream of the changes of some caches. Guarded by {@code telling}. */
    private static final class Subscriber {

        /** The position up to which each cache's changes have been sent; a replica may be behind another that sent them. */
        private final Map<Integer, Long> after;

        private final Consumer<Reply> replies;
        private long reached = -1;
        private long passedOver;
        private long passedOverBytes;
        private final long maxPassedOverBytes;

        Subscriber(Map<Integer, Long> after, Consumer<Reply> replies, long maxPassedOverBytes) {
            this.maxPassedOverBytes = maxPassedOverBytes;
            this.after = after;
            this.replies = replies;
        }

        /** Returns those of the caches whose changes at the position it wants. */
        Set<Integer> wanted(Set<Integer> caches, long position) {
            if (caches.stream().allMatch(cacheId -> wants(cacheId, position))) {
                return caches;
            }
            Set<Integer> wanted = new LinkedHashSet<>(caches);
            wanted.removeIf(cacheId -> !wants(cacheId, position));
            return wanted;
        }

        private boolean wants(int cacheId, long position) {
            Long told = after.get(cacheId);
            return told != null && position > told;
        }

        void send(Reply.Changes changes) {
            reached = changes.position();
            passedOver = 0;
            passedOverBytes = 0;
            replies.accept(changes);
        }

        /**
         * Passes over changes of other caches, and reports the stream's position after many, so that quiet caches are
         * resumed from a position that is kept.
         */
        void passOver(Positioned other) {
            passedOver += other.changes().size();
            passedOverBytes += other.bytes();
            if (passedOver > MAX_PASSED_OVER || passedOverBytes > maxPassedOverBytes) {
                reaches(other.position());
            }
        }

        /** Says that all changes up to the position have been sent. */
        void reaches(long position) {
            if (position > reached) {
                send(new Reply.Changes(position, List.of(), List.of()));
            }
        }

        /**
         * Says of which caches changes up to the oldest position are missing, given how far all have been told.
         *
         * @return how many caches that are
         */
        int misses(long oldest, long told) {
            List<Reply.Changes.Missed> missed = new ArrayList<>();
            after.forEach((cacheId, position) -> {
                if (Math.max(told, position) < oldest) {
                    missed.add(new Reply.Changes.Missed(cacheId, Versions.lastAt(oldest)));
                }
            });
            if (!missed.isEmpty()) {
                send(new Reply.Changes(oldest, List.of(), missed));
            }
            return missed.size();
        }
    }

    /**
     * @param teller runs what tells the subscribers, one task after another
     * @param maxBytes of the changes that are kept, unless the last position has more; {@link #MAX_BYTES} where the heap allows it
     */
    ChangeWindow(Executor teller, long maxBytes) {
        this.maxBytes = maxBytes;
        this.teller = teller;
    }

    /** Adds the changes of a position, and has the subscribers told of them soon. */
    void applied(long position, List<CacheChange> changes) {
        int positions = add(position, changes);
        if (positions == 0) {
            return;
        }
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
        while ((size > MAX_CHANGES || bytes > maxBytes) && window.size() > 1) {
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
        return untoldBytes > MAX_UNTOLD_WINDOWS * maxBytes;
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

    /**
     * Returns the window as it is now, to be part of a checkpoint, so that subscribers miss nothing when a replica
     * continues from it.
     */
    synchronized List<byte[]> records() {
        List<byte[]> records = new ArrayList<>(window.size() + 1);
        records.add(new WireWriter(16).varint(window.size()).varint(oldest).toByteArray());
        window.forEach(positioned -> records.add(encode(positioned)));
        return records;
    }

    /** Encodes an empty window that starts after a position: subscribers behind it miss changes. */
    static byte[] record(long position) {
        return new WireWriter(16).varint(0).varint(position).toByteArray();
    }

    /** Starts an empty window after a position, of which this replica has no earlier changes. */
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
     * Replaces the window by that of a checkpoint, which brings all changes up to a position at once. Subscribers
     * whose position precedes it miss changes.
     */
    void become(Restored restored, long position) {
        synchronized (telling) {
            tellUntold();
            long told = replace(restored, position);
            List.copyOf(subscribers).forEach(subscriber -> gaps.add(subscriber.misses(restored.oldest, told)));
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
        long bytes = 0;
        for (CacheChange change : changes) {
            bytes += size(change.change());
        }
        return new Positioned(position, changes, bytes);
    }

    private static int size(EntryChange change) {
        return 64
                + change.key().size()
                + (change.value() == null ? 0 : change.value().size())
                + (change.old() == null ? 0 : change.old().size());
    }

    /** Tells the changes of one position: those of the same caches are the same replies for all subscribers. */
    private static void tell(List<Subscriber> subscribers, Positioned positioned) {
        Set<Integer> changed = new LinkedHashSet<>();
        positioned.changes().forEach(change -> changed.add(change.cacheId()));
        Map<Set<Integer>, List<Reply.Changes>> byCaches = new HashMap<>();
        for (Subscriber subscriber : subscribers) {
            Set<Integer> wanted = subscriber.wanted(changed, positioned.position());
            if (wanted.isEmpty()) {
                subscriber.passOver(positioned);
            } else {
                byCaches.computeIfAbsent(wanted, caches -> replies(caches, positioned))
                        .forEach(subscriber::send);
            }
        }
    }

    /**
     * Returns the changes of one position, in parts if they are large. Before the last part the position is not
     * reached: should the connection end there, the parts before are told again. The last part also names the caches of
     * which only parts before have changes, since they have reached the position too.
     */
    private static List<Reply.Changes> replies(Set<Integer> caches, Positioned positioned) {
        List<Reply.Changes> replies = new ArrayList<>();
        Map<Integer, List<EntryChange>> part = new LinkedHashMap<>();
        Set<Integer> toldBefore = new LinkedHashSet<>();
        int partBytes = 0;
        long lastVersion = -1;
        for (CacheChange one : positioned.changes()) {
            if (!caches.contains(one.cacheId())) {
                continue;
            }
            EntryChange change = one.change();
            int next = size(change);
            // An entry that expires and is created again changes twice in one version.
            if (!part.isEmpty() && partBytes + next > MAX_REPLY_BYTES && change.version() != lastVersion) {
                replies.add(reply(positioned.position() - 1, part));
                toldBefore.addAll(part.keySet());
                part = new LinkedHashMap<>();
                partBytes = 0;
            }
            part.computeIfAbsent(one.cacheId(), none -> new ArrayList<>()).add(change);
            partBytes += next;
            lastVersion = change.version();
        }
        for (int cacheId : toldBefore) {
            part.computeIfAbsent(cacheId, none -> List.of());
        }
        replies.add(reply(positioned.position(), part));
        return replies;
    }

    private static Reply.Changes reply(long position, Map<Integer, List<EntryChange>> part) {
        List<Reply.Changes.OfCache> caches = new ArrayList<>();
        part.forEach((cacheId, changes) -> caches.add(new Reply.Changes.OfCache(cacheId, changes)));
        return new Reply.Changes(position, caches, List.of());
    }

    /**
     * Tells what came after a position of each cache, then what comes. What is no longer kept is missed.
     *
     * @param after exclusive, by cache; negative for from now on
     * @param unknown caches that were asked for and do not exist
     * @return ends the subscription
     */
    Runnable subscribe(Map<Integer, Long> after, List<Integer> unknown, Consumer<Reply> replies) {
        synchronized (telling) {
            if (ended != null) {
                replies.accept(ended);
                return () -> {};
            }
            Past past = join();
            Map<Integer, Long> told = new HashMap<>();
            after.forEach((cacheId, position) -> told.put(cacheId, position < 0 ? past.newest() : position));
            Subscriber subscriber = new Subscriber(told, replies, maxBytes / PASSED_OVER_SHARE);
            replies.accept(new Reply.Subscribed(past.newest(), unknown));
            gaps.add(subscriber.misses(past.oldest(), -1));
            long earliest = told.values().stream().reduce(past.newest(), Math::min);
            past.changes().stream()
                    .filter(positioned -> positioned.position() > earliest)
                    .forEach(positioned -> tell(List.of(subscriber), positioned));
            if (earliest < past.newest()) {
                subscriber.reaches(past.newest());
            }
            // What is untold of the past has just been told to this one.
            told.replaceAll((cacheId, position) -> Math.max(position, past.newest()));
            subscribers.add(subscriber);
            return () -> remove(subscriber);
        }
    }

    /** Returns how often a subscriber was told that changes of a cache can't be sent any more, since this replica was opened. */
    long gaps() {
        return gaps.sum();
    }

    /** Returns the number of subscriptions. */
    synchronized int subscriptions() {
        return listening;
    }

    /** Ends all subscriptions, and those that are about to begin, with a reason. */
    void end(Reply.Refused reason) {
        synchronized (telling) {
            ended = reason;
            List.copyOf(subscribers).forEach(subscriber -> {
                remove(subscriber);
                subscriber.replies.accept(reason);
            });
        }
    }

    /** The window's contents when a subscriber joins. */
    private record Past(long oldest, long newest, List<Positioned> changes) {}

    /** Keeps what is added from now on for the new subscriber too. */
    private synchronized Past join() {
        listening++;
        return new Past(oldest, newest, List.copyOf(window));
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
