package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.RetryDecision;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.EntryChange;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A session's stream of one shard's changes, which all its subscriptions share. When their set changes, or one falls
 * behind or is resumed, another stream is opened for those that are wanted then, and takes the place of the first as
 * soon as it has begun; both may bring a change, which is delivered once. If caches only join, the request names the first
 * stream and no cache of it. While a stream is being opened, and in the back-off after a failure, further changes of the set
 * wait for the next one.
 *
 * <p>Thread-safe: the lock guards all fields, and is held while listeners are called, but not while requests are sent.
 */
final class ShardChanges {

    private final Router router;
    private final EventLoop loop;
    private final SessionPositions positions;
    private final int shard;
    private final Map<Subscription, Member> members = new LinkedHashMap<>();
    /** The stream whose changes are delivered. */
    private @Nullable Incoming current;
    /** The stream that has been requested and has not begun. */
    private @Nullable Incoming opening;

    private boolean scheduled;
    private int attempts;

    ShardChanges(Router router, EventLoop loop, SessionPositions positions, int shard) {
        this.router = router;
        this.loop = loop;
        this.positions = positions;
        this.shard = shard;
    }

    /** A subscription's progress in the shard. Guarded by the lock of its {@link ShardChanges}. */
    private static final class Member {

        private final Subscription subscription;
        private final CompletableFuture<Void> ready = new CompletableFuture<>();
        /** The position up to which all has been delivered, as of the streams before the current one; -1 before the first. */
        private long after = -1;
        /** The last version that was delivered or missed. */
        private long version = -1;

        Member(Subscription subscription) {
            this.subscription = subscription;
        }

        int cacheId() {
            return subscription.cacheId();
        }

        List<EntryChange> undelivered(List<EntryChange> changes) {
            return changes.isEmpty() || changes.get(0).version() > version
                    ? changes
                    : changes.stream()
                            .filter(change -> change.version() > version)
                            .toList();
        }

        void reached(int shard, long position, List<EntryChange> changes) {
            subscription.listener().changes(shard, Math.max(after, position), changes);
        }

        void fail(Status status, String message) {
            ready.completeExceptionally(new RequestFailedException(status, message));
        }
    }

    /** Returns a future that is done when a stream brings the subscription's changes. */
    CompletableFuture<Void> join(Subscription subscription) {
        Member member = new Member(subscription);
        boolean full;
        synchronized (this) {
            full = members.size() >= Request.Subscribe.MAX_CACHES;
            if (!full) {
                members.put(subscription, member);
            }
        }
        if (full) {
            member.fail(
                    Status.INVALID,
                    "Cache " + subscription.cacheId() + " can't be subscribed to: this session has "
                            + Request.Subscribe.MAX_CACHES + " subscriptions; close one first");
        } else {
            update();
        }
        return member.ready;
    }

    void leave(Subscription subscription) {
        synchronized (this) {
            Member member = members.remove(subscription);
            if (member != null && current != null) {
                current.drop(member);
            }
        }
        update();
    }

    /** A subscription is no longer paused. */
    void resumed() {
        update();
    }

    /** Opens a stream of what is wanted now, unless the current one brings it, or ends it if nothing is wanted. */
    private void update() {
        List<Incoming> unwanted = new ArrayList<>();
        Incoming next = null;
        Function<Incoming, Router.Stream> open = null;
        synchronized (this) {
            if (scheduled || router.isClosed()) {
                return;
            }
            if (members.values().stream().allMatch(member -> member.subscription.isPaused())) {
                takeAll(unwanted);
            } else if (opening == null && !isCurrent()) {
                List<Member> wanted = wanted();
                next = new Incoming(wanted);
                open = opening(wanted);
                opening = next;
                attempts++;
            }
        }
        unwanted.forEach(Incoming::end);
        if (next != null && open != null) {
            next.opened(open.apply(next));
        }
    }

    /** Returns the way to open a stream of what is wanted: from the current one if that lacks only some of it. */
    private Function<Incoming, Router.Stream> opening(List<Member> wanted) {
        Incoming base = current;
        Router.Stream extended = base == null || attempts > 0 ? null : base.extensible(wanted);
        if (base == null || extended == null) {
            Request.Subscribe all = request(wanted);
            int attempt = attempts;
            return next -> router.stream(all, attempt, next);
        }
        Request.Subscribe additions =
                request(wanted.stream().filter(member -> !base.brings(member)).toList());
        long position = base.position;
        return next -> router.extend(extended, position, additions, next);
    }

    /** Tells whether the current stream brings the changes that are wanted now, and no others. */
    private boolean isCurrent() {
        List<Member> wanted = wanted();
        return current != null && !wanted.isEmpty() && current.bringsAll(wanted);
    }

    private List<Member> wanted() {
        return members.values().stream()
                .filter(member -> !member.subscription.isPaused())
                .toList();
    }

    private void takeAll(List<Incoming> streams) {
        if (current != null) {
            current.settle();
            streams.add(current);
            current = null;
        }
        if (opening != null) {
            streams.add(opening);
            opening = null;
        }
    }

    private Request.Subscribe request(List<Member> wanted) {
        Map<Integer, Long> after = new LinkedHashMap<>();
        long min = positions.position(shard);
        for (Member member : wanted) {
            long delivered = delivered(member);
            min = Math.max(min, delivered);
            after.merge(member.cacheId(), delivered, ShardChanges::earlier);
        }
        List<Request.Subscribe.Start> caches = new ArrayList<>();
        after.forEach((cacheId, position) -> caches.add(new Request.Subscribe.Start(cacheId, position)));
        return new Request.Subscribe(shard, min, caches);
    }

    private long delivered(Member member) {
        return current != null && current.brings(member) ? Math.max(member.after, current.position) : member.after;
    }

    /** Returns the earlier of two starts; "from now on" is later than any position. */
    private static long earlier(long one, long other) {
        return one < 0 || other < 0 ? Math.max(one, other) : Math.min(one, other);
    }

    /** Updates a little later, on the loop. Under the lock. */
    private void schedule(long delayMillis) {
        if (!scheduled) {
            scheduled = true;
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(delayMillis), this::due);
        }
    }

    private void due() {
        synchronized (this) {
            scheduled = false;
        }
        update();
    }

    private void begun(Incoming stream, Reply.Subscribed subscribed) {
        Incoming last;
        List<Member> ready = new ArrayList<>();
        List<Member> unknown = new ArrayList<>();
        synchronized (this) {
            if (opening != stream) {
                return;
            }
            opening = null;
            attempts = 0;
            last = current;
            if (last != null) {
                last.settle();
            }
            current = stream;
            Set<Integer> unknownCaches = new HashSet<>(subscribed.unknown());
            for (Member member : stream.requested) {
                if (members.get(member.subscription) != member) {
                    stream.complete = false;
                } else if (unknownCaches.contains(member.cacheId())) {
                    members.remove(member.subscription);
                    unknown.add(member);
                } else {
                    begin(member, subscribed.position(), last != null && last.brings(member));
                    stream.deliverTo(member);
                    ready.add(member);
                }
            }
            if (!isCurrent()) {
                schedule(0);
            }
        }
        if (last != null) {
            last.end();
        }
        ready.forEach(member -> member.ready.complete(null));
        unknown.forEach(member ->
                member.fail(Status.NO_SUCH_CACHE, "Cache " + member.cacheId() + " does not exist, or no longer"));
    }

    /** @param uninterrupted whether the stream before brought its changes too */
    private void begin(Member member, long newest, boolean uninterrupted) {
        if (member.after < 0) {
            member.after = newest;
            member.version = Versions.lastAt(newest);
        }
        if (!uninterrupted) {
            member.reached(shard, member.after, List.of());
        }
    }

    private synchronized void changed(Incoming stream, Reply.Changes changes) {
        if (current != stream) {
            return;
        }
        boolean wasComplete = stream.complete;
        for (Reply.Changes.Missed missed : changes.missed()) {
            for (Member member : stream.keepingUp(missed.cacheId())) {
                if (Math.max(member.version, Versions.lastAt(delivered(member))) < missed.version()) {
                    member.version = missed.version();
                    member.subscription.listener().gap(shard);
                    member.reached(shard, changes.position(), List.of());
                }
            }
        }
        for (Reply.Changes.OfCache one : changes.caches()) {
            for (Member member : stream.keepingUp(one.cacheId())) {
                List<EntryChange> fresh = member.undelivered(one.changes());
                if (!fresh.isEmpty()) {
                    member.version = fresh.get(fresh.size() - 1).version();
                }
                member.reached(shard, changes.position(), fresh);
            }
        }
        stream.position = Math.max(stream.position, changes.position());
        if (wasComplete && !stream.complete) {
            schedule(0);
        }
    }

    /** The stream has ended: another is opened a little later, at another replica if this one has not begun. */
    private synchronized void lost(Incoming stream) {
        if (current == stream) {
            stream.settle();
            current = null;
        } else if (opening == stream) {
            opening = null;
        } else {
            return;
        }
        if (opening == null) {
            schedule(RetryDecision.backOff(Math.max(1, attempts)));
        }
    }

    /** The stream has been refused, and would be again: gives up those subscriptions that no other brings. */
    private void refused(Incoming stream, Reply.Refused refused) {
        List<Member> hopeless;
        synchronized (this) {
            if (current != stream && opening != stream) {
                return;
            }
            hopeless = stream.requested.stream()
                    .filter(member -> members.get(member.subscription) == member)
                    .filter(member -> current == stream || current == null || !current.brings(member))
                    .toList();
            hopeless.forEach(member -> members.remove(member.subscription));
            lost(stream);
        }
        hopeless.forEach(member -> member.fail(refused.status(), refused.message()));
    }

    /**
     * One stream from one node; its replies are ignored once another has taken its place. Its own lock guards the
     * handle and whether it has ended, all else is guarded as the fields of {@link ShardChanges}.
     */
    private final class Incoming implements Link.ReplyHandler {

        private final List<Member> requested;
        private final Map<Integer, List<Member>> byCache = new HashMap<>();
        private final Set<Member> delivering = new HashSet<>();
        private long position = -1;
        /** True while it brings the changes of all that were requested. */
        private boolean complete = true;

        private Router.@Nullable Stream stream;
        private boolean ended;

        Incoming(List<Member> requested) {
            this.requested = requested;
        }

        void deliverTo(Member member) {
            delivering.add(member);
            byCache.computeIfAbsent(member.cacheId(), none -> new ArrayList<>()).add(member);
        }

        boolean brings(Member member) {
            return delivering.contains(member);
        }

        /** Returns the stream if it brings nothing but what is wanted, so that another can add the rest; null otherwise. */
        Router.@Nullable Stream extensible(List<Member> wanted) {
            if (!complete || !Set.copyOf(wanted).containsAll(delivering)) {
                return null;
            }
            synchronized (this) {
                return ended ? null : stream;
            }
        }

        boolean bringsAll(List<Member> wanted) {
            return complete && delivering.containsAll(wanted);
        }

        /** Returns the members to which changes of the cache are delivered now; those that are paused drop out. */
        List<Member> keepingUp(int cacheId) {
            List<Member> keepingUp = new ArrayList<>();
            for (Member member : List.copyOf(byCache.getOrDefault(cacheId, List.of()))) {
                if (member.subscription.isPaused()) {
                    drop(member);
                } else {
                    keepingUp.add(member);
                }
            }
            return keepingUp;
        }

        void drop(Member member) {
            if (delivering.remove(member)) {
                settle(member);
                byCache.getOrDefault(member.cacheId(), List.of()).remove(member);
                complete = false;
            }
        }

        void settle() {
            delivering.forEach(this::settle);
        }

        private void settle(Member member) {
            member.after = Math.max(member.after, position);
        }

        void opened(Router.Stream opened) {
            boolean late;
            synchronized (this) {
                stream = opened;
                late = ended;
            }
            if (late) {
                opened.end();
            }
        }

        void end() {
            Router.Stream begun;
            synchronized (this) {
                ended = true;
                begun = stream;
            }
            if (begun != null) {
                begun.end();
            }
        }

        @Override
        public void reply(Reply reply) {
            if (reply instanceof Reply.Subscribed subscribed) {
                begun(this, subscribed);
            } else if (reply instanceof Reply.Changes changes) {
                changed(this, changes);
            } else if (reply instanceof Reply.Refused refused
                    && refused.status().kind() == Status.Kind.PERMANENT) {
                ShardChanges.this.refused(this, refused);
            } else {
                lost(this);
            }
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            lost(this);
        }
    }
}
