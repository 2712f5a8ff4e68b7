package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.VersionedCache;
import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.marshalling.KeyReferences;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.jcache.marshalling.References;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.integration.CompletionListener;
import javax.cache.management.CacheStatisticsMXBean;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/** A cache of JSR-107 over a session: checks arguments, and delegates to reads, writes and entry processors. Thread-safe. */
public final class SessionCache<K, V> implements LockstepCache<K, V> {

    private final CacheResources<K, V> life;
    private final CacheInfo info;
    private final CacheClient<K, V> client;
    private final Reads<K, V> reads;
    private final Writes<K, V> writes;
    private final EntryProcessors<K, V> processing;
    private final Statistics statistics;
    private final ArgumentChecks<K, V> checks;

    /**
     * @param configuration the cache's own copy
     * @param references keeps the values if they are stored by reference
     * @param code closed with the cache
     */
    public SessionCache(
            ManagerContext context,
            MutableConfiguration<K, V> configuration,
            CacheInfo info,
            Marshaller marshaller,
            @Nullable References references,
            ApplicationCode<K, V> code) {
        this.info = info;
        EntryCodec<K, V> codec = references == null
                ? new EntryCodec<>(marshaller, marshaller)
                : new EntryCodec<>(new KeyReferences(marshaller), references);
        var listeners = new Listeners<K, V>(
                context.session(),
                context.listeners(),
                info.id(),
                this,
                codec::key,
                codec::value,
                references == null ? null : references::discard);
        this.client = new CacheClient<>(
                context.session(),
                info,
                codec,
                code.expiry(),
                info.definition().consistency(),
                listeners,
                this::destroyed);
        this.life = new CacheResources<>(
                context.manager(),
                configuration,
                listeners,
                new AsyncOperations(info.definition().name(), context.operations()),
                code,
                info.definition().name(),
                () -> context.onClose().accept(this));
        this.statistics = life.statistics();
        this.checks = new ArgumentChecks<>(life, configuration.getKeyType(), configuration.getValueType());
        this.reads = new Reads<>(client, leased(client), life.loader(), checks::value, statistics);
        this.writes = Writes.of(client, leased(client), life.writer(), references != null, statistics);
        this.processing =
                new EntryProcessors<>(leased(client), life.loader(), mayProcessUnleased(info.definition()), statistics);
        try {
            life.start();
        } catch (RuntimeException | Error failure) {
            life.close();
            throw failure;
        }
    }

    /** Creates a view of another cache, with strong reads. */
    private SessionCache(SessionCache<K, V> other) {
        this.info = other.info;
        this.life = other.life;
        this.client = other.client.strong();
        this.statistics = other.statistics;
        this.checks = other.checks;
        this.reads = new Reads<>(client, leased(client), life.loader(), checks::value, statistics);
        this.writes = other.writes;
        this.processing = other.processing;
    }

    /** A writer, and a policy of the application's, are to be called once for an update, so only under the lease. */
    private boolean mayProcessUnleased(CacheDefinition definition) {
        return definition.entryProcessing() == EntryProcessing.OPTIMISTIC
                && life.writer() == null
                && definition.expiryPolicy().isEmpty();
    }

    private LeasedUpdates<K, V> leased(CacheClient<K, V> ofClient) {
        return new LeasedUpdates<>(ofClient, life.writer());
    }

    private void destroyed() {
        life.destroyed();
    }

    /** Returns the cache's id in the cluster. */
    public int id() {
        return info.id();
    }

    /** Returns what all views of the cache share, statistics and management among it. */
    public CacheResources<K, V> life() {
        return life;
    }

    @Override
    public LockstepCache<K, V> strong() {
        return new SessionCache<>(this);
    }

    @Override
    public AsyncCache<K, V> async() {
        return new AsyncView<>(life, client, reads, writes, processing, checks);
    }

    @Override
    public VersionedCache<K, V> versioned() {
        return new VersionedView<>(client, checks);
    }

    /** Begins an operation and waits for it, running its application code on this thread. */
    private <T> T await(Function<Executor, CompletableFuture<T>> operation) {
        return CallerThreadExecutor.run(client.timeout(), operation);
    }

    // Reads

    @Override
    public @Nullable V get(K key) {
        checks.key(key);
        return reads.get(key);
    }

    @Override
    public Map<K, V> getAll(Set<? extends K> keys) {
        checks.keys(keys);
        return await(callerExecutor -> reads.getAll(keys, callerExecutor));
    }

    @Override
    public boolean containsKey(K key) {
        checks.key(key);
        return await(callerExecutor -> client.contains(key));
    }

    @Override
    public void loadAll(Set<? extends K> keys, boolean replaceExisting, @Nullable CompletionListener listener) {
        checks.keys(keys);
        Set<K> own = new HashSet<>(keys);
        life.background()
                .begin(own, callerExecutor -> reads.loadAll(own, replaceExisting, callerExecutor))
                .whenComplete((none, failure) -> {
                    if (listener != null && failure == null) {
                        listener.onCompletion();
                    } else if (listener != null) {
                        listener.onException(failure instanceof Exception known ? known : new CacheException(failure));
                    }
                });
    }

    @Override
    public @Nullable V computeIfAbsent(K key, Function<? super K, ? extends @Nullable V> loader) {
        checks.key(key);
        Objects.requireNonNull(loader, "loader");
        return reads.computeIfAbsent(key, loader);
    }

    @Override
    public long size() {
        checks.open();
        return client.size();
    }

    @Override
    public Iterator<Entry<K, V>> iterator() {
        checks.open();
        return new CacheIterator<>(client, statistics, this::remove);
    }

    // Writes

    @Override
    public void put(K key, V value) {
        checks.entry(key, value);
        await(callerExecutor -> writes.put(key, value, callerExecutor));
    }

    @Override
    public void put(K key, V value, Duration lifetime) {
        checks.entry(key, value);
        Lifetime own = ArgumentChecks.lifetime(lifetime);
        await(callerExecutor -> writes.put(key, value, own, callerExecutor));
    }

    @Override
    public @Nullable V getAndPut(K key, V value) {
        checks.entry(key, value);
        return await(callerExecutor -> writes.getAndPut(key, value, callerExecutor));
    }

    @Override
    public void putAll(Map<? extends K, ? extends V> map) {
        checks.open();
        Map<K, V> own = new HashMap<>(map);
        own.forEach(checks::entry);
        await(callerExecutor -> writes.putAll(own, callerExecutor));
    }

    @Override
    public boolean putIfAbsent(K key, V value) {
        checks.entry(key, value);
        return await(callerExecutor -> writes.putIfAbsent(key, value, callerExecutor));
    }

    @Override
    public boolean remove(K key) {
        checks.key(key);
        return await(callerExecutor -> writes.remove(key, callerExecutor));
    }

    @Override
    public boolean remove(K key, V oldValue) {
        checks.entry(key, oldValue);
        return await(callerExecutor -> writes.remove(key, oldValue, callerExecutor));
    }

    @Override
    public @Nullable V getAndRemove(K key) {
        checks.key(key);
        return await(callerExecutor -> writes.getAndRemove(key, callerExecutor));
    }

    @Override
    public boolean replace(K key, V oldValue, V newValue) {
        checks.entry(key, oldValue);
        checks.value(newValue);
        return await(callerExecutor -> writes.replace(key, oldValue, newValue, callerExecutor));
    }

    @Override
    public boolean replace(K key, V value) {
        checks.entry(key, value);
        return await(callerExecutor -> writes.replace(key, value, callerExecutor));
    }

    @Override
    public @Nullable V getAndReplace(K key, V value) {
        checks.entry(key, value);
        return await(callerExecutor -> writes.getAndReplace(key, value, callerExecutor));
    }

    @Override
    public void removeAll(Set<? extends K> keys) {
        checks.keys(keys);
        await(callerExecutor -> writes.removeAll(keys, callerExecutor));
    }

    @Override
    public void removeAll() {
        checks.open();
        List<Bytes> keys = new ArrayList<>();
        new KeyScan<>(client).forEach(keys::add);
        await(callerExecutor -> writes.removeAllOf(keys, callerExecutor));
    }

    @Override
    public void clear() {
        checks.open();
        client.clear();
    }

    // Entry processors

    @Override
    public <T> @Nullable T invoke(K key, EntryProcessor<K, V, T> processor, Object... arguments) {
        checks.key(key);
        Objects.requireNonNull(processor, "processor");
        return await(callerExecutor -> processing.invoke(key, processor, checks::value, arguments, callerExecutor));
    }

    @Override
    public <T> Map<K, EntryProcessorResult<T>> invokeAll(
            Set<? extends K> keys, EntryProcessor<K, V, T> processor, Object... arguments) {
        checks.keys(keys);
        Objects.requireNonNull(processor, "processor");
        return await(callerExecutor -> processing.invokeAll(keys, processor, checks::value, arguments, callerExecutor));
    }

    // The cache itself

    @Override
    public String getName() {
        return info.definition().name();
    }

    @Override
    public CacheManager getCacheManager() {
        return life.manager();
    }

    @Override
    public <C extends Configuration<K, V>> C getConfiguration(Class<C> type) {
        MutableConfiguration<K, V> configuration = life.configuration();
        if (type.isInstance(configuration)) {
            return type.cast(configuration);
        }
        throw new IllegalArgumentException("The configuration of cache " + getName() + " is not a " + type.getName());
    }

    @Override
    public void registerCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        checks.open();
        life.register(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public void deregisterCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        checks.open();
        life.deregister(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public void close() {
        life.close();
        client.forgetLeases();
    }

    @Override
    public boolean isClosed() {
        return life.isClosed();
    }

    /** Unwraps the cache, or its statistics as the {@code CacheStatisticsMXBean} that JMX shows; they count while they are enabled. */
    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        if (type == CacheStatisticsMXBean.class) {
            return type.cast(statistics);
        }
        throw new IllegalArgumentException("Cannot unwrap LockstepCache as " + type.getName());
    }
}
