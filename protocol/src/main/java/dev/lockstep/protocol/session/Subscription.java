package dev.lockstep.protocol.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The changes of a cache from all shards, which arrive on the session's stream of each, until closed. A slow consumer
 * pauses it: what comes meanwhile is requested again later, and is lost only if a replica keeps no more of it.
 * Thread-safe.
 */
public final class Subscription implements AutoCloseable {

    private final List<ShardChanges> shards;
    private final int cacheId;
    private final ChangeListener listener;
    private final List<CompletableFuture<Void>> ready = new ArrayList<>();
    private volatile boolean paused;

    Subscription(List<ShardChanges> shards, int cacheId, ChangeListener listener) {
        this.shards = shards;
        this.cacheId = cacheId;
        this.listener = listener;
        shards.forEach(shard -> ready.add(shard.join(this)));
    }

    int cacheId() {
        return cacheId;
    }

    ChangeListener listener() {
        return listener;
    }

    boolean isPaused() {
        return paused;
    }

    /**
     * Returns a future that is done when every shard has confirmed the subscription: changes from then on will be
     * delivered.
     */
    public CompletableFuture<Void> ready() {
        return CompletableFuture.allOf(ready.toArray(CompletableFuture[]::new));
    }

    /** Takes no further changes, but for those being told now. May be called while changes are told. Idempotent. */
    public void pause() {
        paused = true;
    }

    /** Goes on after the changes that were told last. Idempotent. */
    public void resume() {
        paused = false;
        shards.forEach(ShardChanges::resumed);
    }

    @Override
    public void close() {
        shards.forEach(shard -> shard.leave(this));
    }
}
