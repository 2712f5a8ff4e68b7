package dev.lockstep.jcache;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous operations of a cache; {@code cache.unwrap(LockstepCache.class).async()}. Each does what the method of
 * {@link javax.cache.Cache} with the same name does, with its loader, writer, expiry, statistics and listeners, and its stage
 * ends when that method would return. Thread-safe.
 *
 * <p>Arguments that are null or of the wrong type, and a closed cache, are refused at the call, as JSR-107 says for the methods
 * that wait. Everything else fails the stage, with what the waiting method would throw: a
 * {@link LockstepCacheException} that says whether it may be repeated, a {@link javax.cache.integration.CacheLoaderException},
 * and so on. With 10,000 operations of a cache in flight the next fails at once, as transient. Closing the cache fails
 * those in flight.
 *
 * <p>The calling thread marshals and sends; it waits for nothing. Loaders, writers, processors and expiry policies, the wait for
 * synchronous listeners, and whatever depends on a stage run on one of four threads of the cache's, each key's always on the same
 * one, and never on a thread of the network. An operation that is done when the call returns, such as a read from a replica in this JVM, gives a
 * stage that is done, whose dependents run on the calling thread. Dependents must not wait for another stage of the
 * same cache, which may need their thread: compose stages instead, or use the {@code …Async} methods of the stage with an
 * executor of your own.
 *
 * <p>Two operations on one key of which the second began before the first's stage ended may take effect in either order.
 */
public interface AsyncCache<K, V> {

    /** Reads a value; null when there is none. */
    CompletionStage<@Nullable V> get(K key);

    /** Reads the entries that exist. */
    CompletionStage<Map<K, V>> getAll(Set<? extends K> keys);

    CompletionStage<Boolean> containsKey(K key);

    CompletionStage<Void> put(K key, V value);

    /** Stores an entry with a lifetime of its own, as {@link LockstepCache#put(Object, Object, Duration)} does. */
    CompletionStage<Void> put(K key, V value, Duration lifetime);

    CompletionStage<Void> putAll(Map<? extends K, ? extends V> map);

    /** Stores an entry and returns the value before; null when there was none. */
    CompletionStage<@Nullable V> getAndPut(K key, V value);

    CompletionStage<Boolean> putIfAbsent(K key, V value);

    CompletionStage<Boolean> remove(K key);

    CompletionStage<Boolean> remove(K key, V oldValue);

    /** Removes an entry and returns the value before; null when there was none. */
    CompletionStage<@Nullable V> getAndRemove(K key);

    CompletionStage<Void> removeAll(Set<? extends K> keys);

    CompletionStage<Boolean> replace(K key, V value);

    CompletionStage<Boolean> replace(K key, V oldValue, V newValue);

    /** Replaces a value and returns the one before; null when there was none, and then nothing is stored. */
    CompletionStage<@Nullable V> getAndReplace(K key, V value);

    /**
     * Reads or computes a value, as {@link LockstepCache#computeIfAbsent} does. No thread waits for the loader's stage:
     * the entry is leased until it ends, a minute at most, after which another caller's loader may run. A stage that
     * fails fails this one.
     *
     * @param loader gives a stage of the value, or of null, and then nothing is stored
     */
    CompletionStage<@Nullable V> computeIfAbsent(
            K key, Function<? super K, ? extends CompletionStage<? extends @Nullable V>> loader);

    /** Counts the entries of the cache in the cluster, as {@link LockstepCache#size} does. */
    CompletionStage<Long> size();

    /** Runs a processor on an entry and returns its result. */
    <T> CompletionStage<@Nullable T> invoke(K key, EntryProcessor<K, V, T> processor, Object... arguments);

    /** Runs a processor on many entries. The map has its result or exception for each key, and nothing where the result is null. */
    <T> CompletionStage<Map<K, EntryProcessorResult<T>>> invokeAll(
            Set<? extends K> keys, EntryProcessor<K, V, T> processor, Object... arguments);
}
