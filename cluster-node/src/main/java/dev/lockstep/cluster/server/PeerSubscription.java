package dev.lockstep.cluster.server;

import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Request.Subscribe.Start;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A subscription of one connection: the caches that it asked for, and the task that ends it once it has begun. Thread-safe. */
final class PeerSubscription {

    private static final Runnable ENDED = () -> {};

    private final Request.Subscribe request;
    private final AtomicReference<@Nullable Runnable> end = new AtomicReference<>();
    private volatile Reply.@Nullable Subscribed subscribed;

    /** @param request without a base */
    PeerSubscription(Request.Subscribe request) {
        this.request = request;
    }

    Request.Subscribe request() {
        return request;
    }

    boolean isOf(int shard) {
        return request.shard() == shard;
    }

    /** Returns a request that names the caches of this one too, if it has begun, but for those that do not exist. */
    Request.Subscribe extended(Request.Subscribe addition) {
        Map<Integer, Long> after = new LinkedHashMap<>();
        Reply.Subscribed begun = subscribed;
        if (begun != null) {
            for (Start start : request.caches()) {
                long first = start.afterPosition() < 0 ? begun.position() : start.afterPosition();
                after.put(start.cacheId(), Math.max(first, addition.basePosition()));
            }
            begun.unknown().forEach(after::remove);
        }
        for (Start start : addition.caches()) {
            after.merge(
                    start.cacheId(),
                    start.afterPosition(),
                    (ours, theirs) -> theirs < 0 ? ours : Math.min(ours, theirs));
        }
        List<Start> caches = new ArrayList<>(after.size());
        after.forEach((cacheId, position) -> caches.add(new Start(cacheId, position)));
        return new Request.Subscribe(request.shard(), addition.minPosition(), caches);
    }

    /** Takes note of what the subscriber is told. */
    void told(Reply reply) {
        if (reply instanceof Reply.Subscribed begun) {
            subscribed = begun;
        }
    }

    boolean isWanted() {
        return end.get() != ENDED;
    }

    /** The subscription has begun, and is ended by {@code task}: at once, if it has been ended before. */
    void begun(Runnable task) {
        if (!end.compareAndSet(null, task)) {
            task.run();
        }
    }

    void end() {
        Runnable task = end.getAndSet(ENDED);
        if (task != null) {
            task.run();
        }
    }
}
