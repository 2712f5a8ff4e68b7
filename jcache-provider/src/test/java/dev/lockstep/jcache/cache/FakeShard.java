package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Mutation.Action;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One shard of {@link FakeCluster}: entries with versions and deadlines, conditional mutations, leases with a queue, and subscriptions.
 * Thread-safe; the lock guards all fields, and is not held while a reply is handed over.
 */
final class FakeShard {

    private final ExpiryRule rule;
    private final Time time;
    private final NavigableMap<Bytes, Entry> entries = new TreeMap<>();
    private final Map<Bytes, Long> lastChanges = new HashMap<>();
    private final Map<Bytes, LeaseId> leases = new HashMap<>();
    private final Map<Bytes, Queue<Waiting>> queues = new HashMap<>();
    private final List<Link.ReplyHandler> subscribers = new ArrayList<>();
    private long position = 1;

    /** Shares no decoded value. */
    private record Entry(Bytes value, long version, long deadlineMillis) implements LocalEntry {

        @Override
        public @Nullable Object decoded() {
            return null;
        }

        @Override
        public void decoded(Object decoded) {}
    }

    private record Waiting(LeaseId lease, Link.ReplyHandler handler) {}

    FakeShard(ExpiryRule rule, Time time) {
        this.rule = rule;
        this.time = time;
    }

    /** Hands over the replies that a request leads to, each to its receiver. */
    void serve(Request.ToShard request, Link.ReplyHandler handler) {
        List<Runnable> replies = new ArrayList<>();
        synchronized (this) {
            if (request instanceof Request.Get get) {
                replies.add(() -> handler.reply(read(get)));
            } else if (request instanceof Request.Scan scan) {
                replies.add(() -> handler.reply(scanned(scan)));
            } else if (request instanceof Request.Size) {
                purge();
                Reply count = new Reply.Count(position, time.millis(), entries.size());
                replies.add(() -> handler.reply(count));
            } else if (request instanceof Request.Write write) {
                write(write, handler, replies);
            } else if (request instanceof Request.Clear) {
                entries.keySet().forEach(key -> lastChanges.put(key, Versions.lastAt(position + 1)));
                entries.clear();
                Reply written = new Reply.Written(++position, time.millis(), List.of());
                replies.add(() -> handler.reply(written));
            } else if (request instanceof Request.ReadForUpdate wanted) {
                lease(wanted, handler, replies);
            } else if (request instanceof Request.Release release) {
                boolean held = holds(release.condition(), live(release.key()), release.key());
                Reply released = new Reply.Released(position, time.millis(), held);
                replies.add(() -> handler.reply(released));
                giveBack(release.key(), release.lease(), replies);
            } else if (request instanceof Request.Subscribe) {
                subscribers.add(handler);
                Reply subscribed = new Reply.Subscribed(position, List.of());
                replies.add(() -> handler.reply(subscribed));
            }
        }
        replies.forEach(Runnable::run);
    }

    /** Reads an entry as a replica in the caller's JVM does. */
    synchronized LocalEntry local(Bytes key) {
        Entry entry = live(key);
        return entry == null ? LocalEntry.ABSENT : entry;
    }

    synchronized int leasesHeld() {
        return leases.size();
    }

    private @Nullable Entry live(Bytes key) {
        Entry entry = entries.get(key);
        return entry == null || entry.deadlineMillis() <= time.millis() ? null : entry;
    }

    private void purge() {
        entries.values().removeIf(entry -> entry.deadlineMillis() <= time.millis());
    }

    private synchronized Reply read(Request.Get get) {
        List<@Nullable EntryRead> found = new ArrayList<>();
        get.keys().forEach(key -> found.add(entryRead(live(key), get.withValues())));
        return new Reply.Entries(position, time.millis(), Versions.lastAt(position), found);
    }

    private static @Nullable EntryRead entryRead(@Nullable Entry entry, boolean withValue) {
        return entry == null
                ? null
                : new EntryRead(withValue ? entry.value() : Bytes.EMPTY, entry.version(), entry.deadlineMillis());
    }

    private synchronized Reply scanned(Request.Scan scan) {
        purge();
        List<Bytes> keys = new ArrayList<>(
                scan.after() == null
                        ? entries.keySet()
                        : entries.tailMap(scan.after(), false).keySet());
        boolean complete = keys.size() <= scan.limit();
        return new Reply.Keys(
                position, time.millis(), complete ? keys : List.copyOf(keys.subList(0, scan.limit())), complete);
    }

    private void write(Request.Write write, Link.ReplyHandler handler, List<Runnable> replies) {
        position++;
        List<MutationResult> results = new ArrayList<>();
        List<EntryChange> changes = new ArrayList<>();
        for (int i = 0; i < write.mutations().size(); i++) {
            long version = (position << Versions.ORDINAL_BITS) + i;
            results.add(apply(write.mutations().get(i), version, changes));
        }
        Reply written = new Reply.Written(position, time.millis(), results);
        Reply.Changes.OfCache ofCache = new Reply.Changes.OfCache(write.cacheId(), changes);
        Reply told = new Reply.Changes(position, List.of(ofCache), List.of());
        List.copyOf(subscribers).forEach(subscriber -> replies.add(() -> subscriber.reply(told)));
        replies.add(() -> handler.reply(written));
        write.mutations().forEach(mutation -> giveBack(mutation.key(), write.lease(), replies));
    }

    private MutationResult apply(Mutation mutation, long version, List<EntryChange> changes) {
        Bytes key = mutation.key();
        Entry before = live(key);
        Bytes old = before != null && mutation.returnOld() ? before.value() : null;
        if (!holds(mutation.condition(), before, key)) {
            return new MutationResult(false, before != null, old, 0, 0);
        }
        Entry after = after(mutation, before, version);
        if (after == null) {
            entries.remove(key);
        } else {
            entries.put(key, after);
        }
        boolean changed = !Objects.equals(before, after) && (mutation.action() != Action.TOUCH || after == null);
        if (!changed) {
            return new MutationResult(true, before != null, old, before == null ? 0 : before.version(), 0);
        }
        lastChanges.put(key, version);
        Kind kind = after == null ? Kind.REMOVED : before == null ? Kind.CREATED : Kind.UPDATED;
        changes.add(new EntryChange(
                kind, key, after == null ? null : after.value(), before == null ? null : before.value(), version));
        return new MutationResult(true, before != null, old, version, 1);
    }

    private @Nullable Entry after(Mutation mutation, @Nullable Entry before, long version) {
        if (mutation.action() == Action.REMOVE || (before == null && mutation.action() == Action.TOUCH)) {
            return null;
        }
        Lifetime byRule =
                mutation.action() == Action.TOUCH ? rule.access() : before == null ? rule.creation() : rule.update();
        Lifetime lifetime = mutation.lifetime().equals(Lifetime.BY_RULE) ? byRule : mutation.lifetime();
        long deadline;
        if (lifetime.equals(Lifetime.UNCHANGED)) {
            deadline = before == null ? Long.MAX_VALUE : before.deadlineMillis();
        } else if (lifetime.equals(Lifetime.ETERNAL)) {
            deadline = Long.MAX_VALUE;
        } else if (lifetime.equals(Lifetime.OVER)) {
            return null;
        } else {
            deadline = time.millis() + lifetime.millis();
        }
        return mutation.action() == Action.TOUCH
                ? new Entry(Objects.requireNonNull(before).value(), before.version(), deadline)
                : new Entry(Objects.requireNonNull(mutation.value()), version, deadline);
    }

    private boolean holds(Condition condition, @Nullable Entry entry, Bytes key) {
        if (condition instanceof Condition.Absent) {
            return entry == null;
        } else if (condition instanceof Condition.Present) {
            return entry != null;
        } else if (condition instanceof Condition.ValueIs wanted) {
            return entry != null && entry.value().equals(wanted.value());
        } else if (condition instanceof Condition.VersionIs wanted) {
            return entry != null && entry.version() == wanted.version();
        } else if (condition instanceof Condition.AbsentSince since) {
            return entry == null && lastChanges.getOrDefault(key, 0L) <= since.version();
        }
        return true;
    }

    private void lease(Request.ReadForUpdate wanted, Link.ReplyHandler handler, List<Runnable> replies) {
        Waiting waiting = new Waiting(wanted.lease(), handler);
        if (!leases.containsKey(wanted.key())) {
            grant(wanted.key(), waiting, replies);
        } else if (wanted.waitMillis() < 1_000) {
            replies.add(() -> handler.reply(Reply.Refused.of(Status.LEASE_TIMEOUT, "the lease is held by another")));
        } else {
            queues.computeIfAbsent(wanted.key(), none -> new ArrayDeque<>()).add(waiting);
        }
    }

    private void grant(Bytes key, Waiting next, List<Runnable> replies) {
        leases.put(key, next.lease());
        Reply leased = new Reply.Leased(position, time.millis(), Versions.lastAt(position), entryRead(live(key), true));
        replies.add(() -> next.handler().reply(leased));
    }

    private void giveBack(Bytes key, LeaseId lease, List<Runnable> replies) {
        Queue<Waiting> queue = queues.getOrDefault(key, new ArrayDeque<>());
        queue.removeIf(waiting -> waiting.lease().equals(lease));
        if (leases.remove(key, lease) && !queue.isEmpty()) {
            grant(key, queue.remove(), replies);
        }
    }
}
