package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.processor.ProcessedEntry;
import dev.lockstep.jcache.processor.ProcessedEntry.Change;
import dev.lockstep.protocol.routing.HeldLease;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Condition.ValueIs;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.integration.CompletionListener;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/**
 * A cache of JSR-107 over a session: checks its arguments, calls, translates. Entry processors run here, under a lease of the
 * entry, and what they did is written on the condition that the entry is still what they saw. Thread-safe.
 */
public final class LockstepCache<K, V> implements Cache<K, V> {

    /** Under the lease a run is disturbed only by plain writes of the same key. */
    private static final int MAX_ATTEMPTS = 1_000;

    private final CacheManager manager;
    private final CompleteConfiguration<K, V> configuration;
    private final CacheInfo info;
    private final Binding<K, V> binding;
    private final Runnable onClose;
    private volatile boolean closed;

    /** @param onClose tells the manager to forget this cache */
    public LockstepCache(
            CacheManager manager,
            CompleteConfiguration<K, V> configuration,
            CacheInfo info,
            Session session,
            Marshaller marshaller,
            Runnable onClose) {
        this.manager = manager;
        this.configuration = configuration;
        this.info = info;
        this.binding = new Binding<>(session, info, marshaller);
        this.onClose = onClose;
    }

    /** The cache's id in the cluster. */
    public int id() {
        return info.id();
    }

    @Override
    public @Nullable V get(K key) {
        check(key);
        return binding.get(key);
    }

    @Override
    public Map<K, V> getAll(Set<? extends K> keys) {
        checkAll(keys);
        return binding.getAll(keys);
    }

    @Override
    public boolean containsKey(K key) {
        check(key);
        return binding.contains(key);
    }

    @Override
    public void loadAll(Set<? extends K> keys, boolean replaceExisting, @Nullable CompletionListener listener) {
        checkAll(keys);
        if (listener != null) {
            listener.onCompletion();
        }
    }

    @Override
    public void put(K key, V value) {
        write(Mutation.put(key(key), value(value), Condition.ANY));
    }

    @Override
    public @Nullable V getAndPut(K key, V value) {
        return old(write(Mutation.put(key(key), value(value), Condition.ANY).returningOld()));
    }

    @Override
    public void putAll(Map<? extends K, ? extends V> map) {
        checkOpen();
        List<Mutation> puts = new ArrayList<>(map.size());
        map.forEach((key, value) -> puts.add(Mutation.put(key(key), value(value), Condition.ANY)));
        binding.writeAll(puts);
    }

    @Override
    public boolean putIfAbsent(K key, V value) {
        return write(Mutation.put(key(key), value(value), Condition.ABSENT)).applied();
    }

    @Override
    public boolean remove(K key) {
        return write(Mutation.remove(key(key), Condition.ANY)).existed();
    }

    @Override
    public boolean remove(K key, V oldValue) {
        return write(Mutation.remove(key(key), new ValueIs(value(oldValue)))).applied();
    }

    @Override
    public @Nullable V getAndRemove(K key) {
        return old(write(Mutation.remove(key(key), Condition.ANY).returningOld()));
    }

    @Override
    public boolean replace(K key, V oldValue, V newValue) {
        return write(Mutation.put(key(key), value(newValue), new ValueIs(value(oldValue))))
                .applied();
    }

    @Override
    public boolean replace(K key, V value) {
        return write(Mutation.put(key(key), value(value), Condition.PRESENT)).applied();
    }

    @Override
    public @Nullable V getAndReplace(K key, V value) {
        return old(write(Mutation.put(key(key), value(value), Condition.PRESENT).returningOld()));
    }

    @Override
    public void removeAll(Set<? extends K> keys) {
        checkAll(keys);
        binding.writeAll(keys.stream()
                .map(key -> Mutation.remove(key(key), Condition.ANY))
                .toList());
    }

    @Override
    public void removeAll() {
        Set<K> keys = new LinkedHashSet<>();
        for (Entry<K, V> entry : this) {
            keys.add(entry.getKey());
        }
        removeAll(keys);
    }

    @Override
    public void clear() {
        checkOpen();
        binding.clear();
    }

    // Entry processors

    @Override
    public <T> @Nullable T invoke(K key, EntryProcessor<K, V, T> processor, Object... arguments) {
        check(key);
        Objects.requireNonNull(processor, "processor");
        Bytes keyBytes = binding.bytes(key);
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            HeldLease lease = binding.lease(keyBytes);
            try {
                var read = lease.found().entry();
                var entry = new ProcessedEntry<>(key, read == null ? null : binding.value(read.value()));
                T result = process(processor, entry, arguments);
                if (commit(keyBytes, lease, entry)) {
                    return result;
                }
            } catch (RuntimeException | Error failure) {
                binding.abandon(keyBytes, lease.id());
                throw failure;
            }
        }
        throw new CacheException("The entry was changed by others during each of " + MAX_ATTEMPTS
                + " runs of the processor; nothing was applied");
    }

    private <T> @Nullable T process(EntryProcessor<K, V, T> processor, ProcessedEntry<K, V> entry, Object[] arguments) {
        try {
            return processor.process(entry, arguments);
        } catch (EntryProcessorException known) {
            throw known;
        } catch (Throwable failure) {
            throw new EntryProcessorException(failure);
        }
    }

    /** Whether the entry still was what the processor saw, so that what it did holds. */
    private boolean commit(Bytes key, HeldLease lease, ProcessedEntry<K, V> entry) {
        Condition unchanged = lease.found().unchanged();
        if (entry.change() == Change.NONE) {
            return binding.release(key, lease.id(), unchanged);
        }
        Mutation mutation = entry.change() == Change.REMOVED
                ? Mutation.remove(key, unchanged)
                : Mutation.put(key, value(entry.value()), unchanged);
        return binding.write(mutation, lease.id()).applied();
    }

    @Override
    public <T> Map<K, EntryProcessorResult<T>> invokeAll(
            Set<? extends K> keys, EntryProcessor<K, V, T> processor, Object... arguments) {
        checkAll(keys);
        Objects.requireNonNull(processor, "processor");
        Map<K, EntryProcessorResult<T>> results = new HashMap<>();
        for (K key : keys) {
            EntryProcessorResult<T> result = resultOf(key, processor, arguments);
            if (result != null) {
                results.put(key, result);
            }
        }
        return results;
    }

    private <T> @Nullable EntryProcessorResult<T> resultOf(
            K key, EntryProcessor<K, V, T> processor, Object[] arguments) {
        try {
            T result = invoke(key, processor, arguments);
            return result == null ? null : () -> result;
        } catch (EntryProcessorException failure) {
            return () -> {
                throw failure;
            };
        }
    }

    // Iteration

    @Override
    public Iterator<Entry<K, V>> iterator() {
        checkOpen();
        return new CacheIterator<>(binding, this::remove);
    }

    // The cache itself

    @Override
    public String getName() {
        return info.definition().name();
    }

    @Override
    public CacheManager getCacheManager() {
        return manager;
    }

    @Override
    public <C extends Configuration<K, V>> C getConfiguration(Class<C> type) {
        if (type.isInstance(configuration)) {
            return type.cast(configuration);
        }
        throw new IllegalArgumentException("The configuration of cache " + getName() + " is no " + type.getName());
    }

    @Override
    public void registerCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        throw new CacheException("Listeners are not supported yet");
    }

    @Override
    public void deregisterCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        throw new CacheException("Listeners are not supported yet");
    }

    @Override
    public void close() {
        closed = true;
        onClose.run();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("A cache of Lockstep is no " + type.getName());
    }

    private MutationResult write(Mutation mutation) {
        return binding.write(mutation, LeaseId.NONE);
    }

    private @Nullable V old(MutationResult result) {
        return result.old() == null ? null : binding.value(result.old());
    }

    private Bytes key(K key) {
        check(key);
        return binding.bytes(key);
    }

    private Bytes value(@Nullable V value) {
        Objects.requireNonNull(value, "value");
        checkType("value", configuration.getValueType(), value);
        return binding.bytes(value);
    }

    private void check(K key) {
        checkOpen();
        Objects.requireNonNull(key, "key");
        checkType("key", configuration.getKeyType(), key);
    }

    private void checkType(String what, Class<?> type, Object object) {
        if (!type.isInstance(object)) {
            throw new ClassCastException("Cache " + getName() + " has " + what + "s of " + type.getName() + ", not of "
                    + object.getClass().getName());
        }
    }

    private void checkAll(Set<? extends K> keys) {
        checkOpen();
        keys.forEach(this::check);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("Cache " + getName() + " is closed");
        }
    }
}
