package dev.lockstep.spring;

import dev.lockstep.jcache.AsyncCache;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.cache.Cache;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.jcache.JCacheCache;

/**
 * A cache of Lockstep as Spring sees it. Thread-safe.
 *
 * <p>A call with a loader ({@code @Cacheable(sync = true)}) has it run once for a key in the whole cluster; the
 * others wait for its result, the CacheManager's time-out at most. A second time only if the JVM that runs it or the
 * shard's leader is lost or stopped, or if it takes longer than five minutes. An entry that is present costs no lease.
 *
 * <p>{@link #clear} is one command for each shard and fires no event, as {@link Cache#clear} says.
 */
public class LockstepCache extends JCacheCache {

    private final dev.lockstep.jcache.LockstepCache<Object, Object> lockstep;
    private final AsyncCache<Object, Object> async;

    /**
     * @param cache of Lockstep
     * @param allowNullValues whether a null is stored, as {@link org.springframework.cache.support.NullValue}
     * @throws IllegalArgumentException when it is another provider's cache
     */
    @SuppressWarnings("unchecked")
    public LockstepCache(Cache<Object, Object> cache, boolean allowNullValues) {
        super(cache, allowNullValues);
        this.lockstep = cache.unwrap(dev.lockstep.jcache.LockstepCache.class);
        this.async = lockstep.async();
    }

    /** Returns the value, or loads it on the calling thread, if the loader runs at all. */
    @Override
    @SuppressWarnings("unchecked")
    public <T> @Nullable T get(Object key, Callable<T> valueLoader) {
        return (T) fromStoreValue(lockstep.computeIfAbsent(key, missing -> loaded(missing, valueLoader)));
    }

    private <T> Object loaded(Object key, Callable<T> valueLoader) {
        try {
            return toStoreValue(valueLoader.call());
        } catch (Exception failure) {
            throw new ValueRetrievalException(key, valueLoader, failure);
        }
    }

    /**
     * The value without waiting for it: null in the future when there is none, a wrapper when there is one. Dependents
     * of the future run on the caller's thread if a replica in this JVM has answered at once, else in the common pool.
     */
    @Override
    public CompletableFuture<?> retrieve(Object key) {
        return after(async.get(key), this::toValueWrapper);
    }

    /**
     * Likewise; what is missing is loaded once in the cluster, and no thread waits for the loader's future. The loader itself is
     * called on a thread of the cache's, which it must not hold up.
     */
    @Override
    @SuppressWarnings("unchecked")
    public <T> CompletableFuture<T> retrieve(Object key, Supplier<CompletableFuture<T>> valueLoader) {
        return after(async.computeIfAbsent(key, missing -> valueLoader.get().thenApply(this::toStoreValue)), stored ->
                (T) fromStoreValue(stored));
    }

    /** Spares the cache's few threads what the application does next, which may take its time or wait for the cache. */
    private static <S, T> CompletableFuture<T> after(
            CompletionStage<@Nullable S> stage, Function<? super @Nullable S, ? extends @Nullable T> then) {
        CompletableFuture<@Nullable S> future = stage.toCompletableFuture();
        return future.isDone()
                ? future.thenApply(then)
                : future.handleAsync((value, failure) -> future)
                        .thenCompose(Function.identity())
                        .thenApply(then);
    }

    /** One request, without a lease, if nothing is there. */
    @Override
    public @Nullable ValueWrapper putIfAbsent(Object key, @Nullable Object value) {
        Object stored = toStoreValue(value);
        while (!lockstep.putIfAbsent(key, stored)) {
            Object present = lockstep.get(key);
            if (present != null) {
                return toValueWrapper(present);
            }
            // It was removed, or has expired, since.
        }
        return null;
    }

    @Override
    public void clear() {
        lockstep.clear();
    }

    @Override
    public boolean invalidate() {
        boolean hadEntries = lockstep.size() > 0;
        lockstep.clear();
        return hadEntries;
    }
}
