package dev.lockstep.spring;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import javax.cache.Cache;
import org.jspecify.annotations.Nullable;

/**
 * A cache with which the application goes on while the cluster can't be reached. Reads are misses then, loaders run in each
 * application that asks, and a key that could not be put or removed is owed a removal: in the cluster its old value may still be. Until
 * the removal has been made, the key reads as missing here. Thread-safe; the lock guards what is owed.
 *
 * <p>Failures that would come again, such as a value that can't be serialised, are thrown as ever, and so are those of {@link
 * #putIfAbsent}, which has to know what is there.
 */
final class TolerantCache extends LockstepCache {

    /** Beyond so many keys the whole cache is owed to be cleared. */
    static final int MAX_OWED = 10_000;

    private final Outage outage;
    private final Object lock = new Object();
    /**
     * Counts how often each key has become due for removal, so that a removal in flight does not count for a later one.
     */
    private Map<Object, Integer> owed = new HashMap<>();

    private int owedAll;
    private volatile boolean owing;

    TolerantCache(Cache<Object, Object> cache, boolean allowNullValues, Outage outage) {
        super(cache, allowNullValues);
        this.outage = outage;
    }

    @Override
    protected @Nullable Object lookup(Object key) {
        if (isOwed(key)) {
            return null;
        }
        try {
            return super.lookup(key);
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            return null;
        }
    }

    /**
     * Returns the value, or loads it; without the cluster the loader runs here, at most once, though other JVMs may
     * run it too.
     */
    @Override
    public <T> @Nullable T get(Object key, Callable<T> valueLoader) {
        Once<T> loader = new Once<>(valueLoader);
        if (!isOwed(key)) {
            try {
                return super.get(key, loader);
            } catch (ValueRetrievalException ofTheLoader) {
                throw ofTheLoader;
            } catch (RuntimeException failure) {
                outage.tolerate(getName(), failure);
            }
        }
        try {
            return loader.call();
        } catch (Exception failure) {
            throw new ValueRetrievalException(key, valueLoader, failure);
        }
    }

    @Override
    public CompletableFuture<?> retrieve(Object key) {
        return isOwed(key)
                ? CompletableFuture.completedFuture(null)
                : super.retrieve(key).exceptionally(failure -> {
                    tolerate(failure);
                    return null;
                });
    }

    @Override
    public <T> CompletableFuture<T> retrieve(Object key, Supplier<CompletableFuture<T>> valueLoader) {
        if (isOwed(key)) {
            return valueLoader.get();
        }
        Once<CompletableFuture<T>> loader = new Once<>(valueLoader::get);
        return super.retrieve(key, loader::get).exceptionallyCompose(failure -> {
            tolerate(failure);
            return loader.get();
        });
    }

    private void tolerate(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        outage.tolerate(
                getName(), cause instanceof RuntimeException unchecked ? unchecked : new CompletionException(cause));
    }

    @Override
    public void put(Object key, @Nullable Object value) {
        try {
            super.put(key, value);
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            owe(key);
        }
    }

    @Override
    public void evict(Object key) {
        try {
            super.evict(key);
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            owe(key);
        }
    }

    @Override
    public boolean evictIfPresent(Object key) {
        try {
            return super.evictIfPresent(key);
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            owe(key);
            return false;
        }
    }

    @Override
    public void clear() {
        try {
            super.clear();
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            oweAll();
        }
    }

    @Override
    public boolean invalidate() {
        try {
            return super.invalidate();
        } catch (RuntimeException failure) {
            outage.tolerate(getName(), failure);
            oweAll();
            return false;
        }
    }

    private boolean isOwed(Object key) {
        if (!owing) {
            return false;
        }
        synchronized (lock) {
            return owedAll > 0 || owed.containsKey(key);
        }
    }

    private void owe(Object key) {
        synchronized (lock) {
            owed.merge(key, 1, Integer::sum);
            owing = true;
            if (owed.size() <= MAX_OWED) {
                outage.owes(this);
                return;
            }
        }
        oweAll();
    }

    private void oweAll() {
        synchronized (lock) {
            owed = new HashMap<>();
            owedAll++;
            owing = true;
            outage.owes(this);
        }
    }

    /**
     * Makes the removals that are owed.
     *
     * @param settled to be run when none is owed any more
     * @throws RuntimeException when the cluster still can't be reached; then all is owed still
     */
    void makeUp(Runnable settled) {
        int all;
        Map<Object, Integer> keys;
        synchronized (lock) {
            all = owedAll;
            keys = Map.copyOf(owed);
        }
        if (all > 0) {
            super.clear();
        }
        keys.keySet().forEach(super::evict);
        synchronized (lock) {
            owedAll = owedAll == all ? 0 : owedAll;
            keys.forEach(owed::remove);
            owing = owedAll > 0 || !owed.isEmpty();
            if (!owing) {
                settled.run();
            }
        }
    }

    /** A loader that runs once at most, and then gives what it gave. */
    private static final class Once<T> implements Callable<T> {

        private final Callable<T> loader;
        private boolean ran;
        private @Nullable T result;

        Once(Callable<T> loader) {
            this.loader = loader;
        }

        @Override
        public synchronized @Nullable T call() throws Exception {
            if (!ran) {
                result = loader.call();
                ran = true;
            }
            return result;
        }

        @Nullable
        T get() {
            try {
                return call();
            } catch (RuntimeException failure) {
                throw failure;
            } catch (Exception checked) {
                throw new CompletionException(checked);
            }
        }
    }
}
