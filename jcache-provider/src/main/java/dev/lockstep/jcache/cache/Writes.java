package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a cache, as JSR-107 defines the methods with the same names, statistics included. In each, {@code callerExecutor} runs
 * application code, decoding, and the wait for synchronous listeners. Implementations are thread-safe.
 */
interface Writes<K, V> {

    /**
     * Chooses how a cache writes: by mutations, unless a writer or an expiry policy of the application has to be asked first.
     *
     * @param byReference whether values are compared by {@code equals} only
     */
    static <K, V> Writes<K, V> of(
            CacheClient<K, V> client,
            LeasedUpdates<K, V> leased,
            @Nullable WriteThrough<K, V> writer,
            boolean byReference,
            Statistics statistics) {
        LeasedWrites<K, V> underLease = new LeasedWrites<>(client.codec(), leased, writer, statistics);
        return writer == null && !client.expiry().isCustom()
                ? new DirectWrites<>(client, underLease, byReference, statistics)
                : underLease;
    }

    CompletableFuture<Void> put(K key, V value, Executor callerExecutor);

    /** Stores an entry with a lifetime that takes precedence over every policy. */
    CompletableFuture<Void> put(K key, V value, Lifetime lifetime, Executor callerExecutor);

    CompletableFuture<@Nullable V> getAndPut(K key, V value, Executor callerExecutor);

    CompletableFuture<Boolean> putIfAbsent(K key, V value, Executor callerExecutor);

    CompletableFuture<Boolean> remove(K key, Executor callerExecutor);

    CompletableFuture<@Nullable V> getAndRemove(K key, Executor callerExecutor);

    CompletableFuture<Boolean> remove(K key, V expected, Executor callerExecutor);

    CompletableFuture<Boolean> replace(K key, V expected, V value, Executor callerExecutor);

    CompletableFuture<Boolean> replace(K key, V value, Executor callerExecutor);

    CompletableFuture<@Nullable V> getAndReplace(K key, V value, Executor callerExecutor);

    CompletableFuture<Void> putAll(Map<? extends K, ? extends V> map, Executor callerExecutor);

    CompletableFuture<Void> removeAll(Set<? extends K> keys, Executor callerExecutor);

    /** Removes entries by the bytes of their keys. */
    CompletableFuture<Void> removeAllOf(List<Bytes> keys, Executor callerExecutor);
}
