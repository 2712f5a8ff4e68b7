package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/** The asynchronous view of a cache: the operations of the synchronous one, without waiting for them. Thread-safe. */
final class AsyncView<K, V> implements AsyncCache<K, V> {

    private final CacheResources<K, V> life;
    private final CacheClient<K, V> client;
    private final Reads<K, V> reads;
    private final Writes<K, V> writes;
    private final EntryProcessors<K, V> processing;
    private final ArgumentChecks<K, V> checks;

    AsyncView(
            CacheResources<K, V> life,
            CacheClient<K, V> client,
            Reads<K, V> reads,
            Writes<K, V> writes,
            EntryProcessors<K, V> processing,
            ArgumentChecks<K, V> checks) {
        this.life = life;
        this.client = client;
        this.reads = reads;
        this.writes = writes;
        this.processing = processing;
        this.checks = checks;
    }

    private <T> CompletionStage<T> begin(Object key, Function<Executor, CompletableFuture<T>> operation) {
        return life.background()
                .begin(key, callerExecutor -> operation.apply(life.listeners().asCaller(callerExecutor)));
    }

    @Override
    public CompletionStage<@Nullable V> get(K key) {
        checks.key(key);
        return begin(key, callerExecutor -> reads.get(key, callerExecutor));
    }

    @Override
    public CompletionStage<Map<K, V>> getAll(Set<? extends K> keys) {
        checks.keys(keys);
        Set<K> own = new HashSet<>(keys);
        return begin(own, callerExecutor -> reads.getAll(own, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> containsKey(K key) {
        checks.key(key);
        return begin(key, callerExecutor -> client.contains(key));
    }

    @Override
    public CompletionStage<Void> put(K key, V value) {
        checks.entry(key, value);
        return begin(key, callerExecutor -> writes.put(key, value, callerExecutor));
    }

    @Override
    public CompletionStage<Void> put(K key, V value, Duration lifetime) {
        checks.entry(key, value);
        Lifetime own = ArgumentChecks.lifetime(lifetime);
        return begin(key, callerExecutor -> writes.put(key, value, own, callerExecutor));
    }

    @Override
    public CompletionStage<Void> putAll(Map<? extends K, ? extends V> map) {
        checks.open();
        Map<K, V> own = new HashMap<>(map);
        own.forEach(checks::entry);
        return begin(own, callerExecutor -> writes.putAll(own, callerExecutor));
    }

    @Override
    public CompletionStage<@Nullable V> getAndPut(K key, V value) {
        checks.entry(key, value);
        return begin(key, callerExecutor -> writes.getAndPut(key, value, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> putIfAbsent(K key, V value) {
        checks.entry(key, value);
        return begin(key, callerExecutor -> writes.putIfAbsent(key, value, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> remove(K key) {
        checks.key(key);
        return begin(key, callerExecutor -> writes.remove(key, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> remove(K key, V oldValue) {
        checks.entry(key, oldValue);
        return begin(key, callerExecutor -> writes.remove(key, oldValue, callerExecutor));
    }

    @Override
    public CompletionStage<@Nullable V> getAndRemove(K key) {
        checks.key(key);
        return begin(key, callerExecutor -> writes.getAndRemove(key, callerExecutor));
    }

    @Override
    public CompletionStage<Void> removeAll(Set<? extends K> keys) {
        checks.keys(keys);
        Set<K> own = new HashSet<>(keys);
        return begin(own, callerExecutor -> writes.removeAll(own, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> replace(K key, V value) {
        checks.entry(key, value);
        return begin(key, callerExecutor -> writes.replace(key, value, callerExecutor));
    }

    @Override
    public CompletionStage<Boolean> replace(K key, V oldValue, V newValue) {
        checks.entry(key, oldValue);
        checks.value(newValue);
        return begin(key, callerExecutor -> writes.replace(key, oldValue, newValue, callerExecutor));
    }

    @Override
    public CompletionStage<@Nullable V> getAndReplace(K key, V value) {
        checks.entry(key, value);
        return begin(key, callerExecutor -> writes.getAndReplace(key, value, callerExecutor));
    }

    @Override
    public CompletionStage<@Nullable V> computeIfAbsent(
            K key, Function<? super K, ? extends CompletionStage<? extends @Nullable V>> loader) {
        checks.key(key);
        Objects.requireNonNull(loader, "loader");
        return begin(key, callerExecutor -> reads.computeIfAbsent(key, loader, callerExecutor));
    }

    @Override
    public CompletionStage<Long> size() {
        checks.open();
        return begin(this, callerExecutor -> client.countEntries());
    }

    @Override
    public <T> CompletionStage<@Nullable T> invoke(K key, EntryProcessor<K, V, T> processor, Object... arguments) {
        checks.key(key);
        Objects.requireNonNull(processor, "processor");
        return begin(
                key, callerExecutor -> processing.invoke(key, processor, checks::value, arguments, callerExecutor));
    }

    @Override
    public <T> CompletionStage<Map<K, EntryProcessorResult<T>>> invokeAll(
            Set<? extends K> keys, EntryProcessor<K, V, T> processor, Object... arguments) {
        checks.keys(keys);
        Objects.requireNonNull(processor, "processor");
        Set<K> own = new HashSet<>(keys);
        return begin(
                own, callerExecutor -> processing.invokeAll(own, processor, checks::value, arguments, callerExecutor));
    }
}
