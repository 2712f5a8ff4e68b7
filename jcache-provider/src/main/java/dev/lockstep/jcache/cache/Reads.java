package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.ReadThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.wire.Bytes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads of a cache. A miss of a cache that reads through is loaded, once in the cluster. In each method {@code callerExecutor} decodes, loads,
 * and asks the expiry policy. Thread-safe.
 */
final class Reads<K, V> {

    private final CacheClient<K, V> client;
    private final LeasedUpdates<K, V> leased;
    private final @Nullable ReadThrough<K, V> loader;
    private final Consumer<V> checker;
    private final Statistics statistics;

    /** @param checker refuses a loaded value of the wrong type */
    Reads(
            CacheClient<K, V> client,
            LeasedUpdates<K, V> leased,
            @Nullable ReadThrough<K, V> loader,
            Consumer<V> checker,
            Statistics statistics) {
        this.client = client;
        this.leased = leased;
        this.loader = loader;
        this.checker = checker;
        this.statistics = statistics;
    }

    /** Reads on the caller's thread; without a request if a replica in this JVM can answer. */
    @Nullable
    V get(K key) {
        Tally tally = statistics.begin();
        Bytes bytes = client.codec().keyBytes(key);
        LocalEntry local = client.local(bytes);
        if (local != null && isAll(local)) {
            return now(local, tally);
        }
        return CallerThreadExecutor.run(
                client.timeout(), callerExecutor -> get(key, bytes, local, tally, callerExecutor));
    }

    /** Reads; done when it returns if a replica in this JVM can answer. */
    CompletableFuture<@Nullable V> get(K key, Executor callerExecutor) {
        Tally tally = statistics.begin();
        Bytes bytes = client.codec().keyBytes(key);
        LocalEntry local = client.local(bytes);
        return local != null && isAll(local)
                ? CompletableFuture.completedFuture(now(local, tally))
                : get(key, bytes, local, tally, callerExecutor);
    }

    /** Returns whether a local entry only has to be decoded, neither loaded nor recorded. */
    private boolean isAll(LocalEntry local) {
        return local == LocalEntry.ABSENT ? !loads() : !client.accesses().recordsReads();
    }

    private @Nullable V now(LocalEntry local, Tally tally) {
        V value = local == LocalEntry.ABSENT ? null : client.codec().value(local);
        tally.read(value != null);
        return value;
    }

    private boolean loads() {
        return loader != null && loader.onMiss();
    }

    /** The value, or what is loaded, once in the cluster: a loader of the caller's instead of the cache's. */
    @Nullable
    V computeIfAbsent(K key, Function<? super K, ? extends @Nullable V> own) {
        Tally tally = statistics.begin();
        Bytes bytes = client.codec().keyBytes(key);
        LocalEntry local = client.local(bytes);
        if (local != null && local != LocalEntry.ABSENT && isAll(local)) {
            return now(local, tally);
        }
        return CallerThreadExecutor.run(
                client.timeout(),
                callerExecutor -> computed(
                        key,
                        bytes,
                        local,
                        seen -> CompletableFuture.completedFuture(loaded(seen, key, own)),
                        tally,
                        callerExecutor));
    }

    /** Computes with an asynchronous loader; done when it returns if a replica in this JVM has the value. */
    CompletableFuture<@Nullable V> computeIfAbsent(
            K key, Function<? super K, ? extends CompletionStage<? extends @Nullable V>> own, Executor callerExecutor) {
        Tally tally = statistics.begin();
        Bytes bytes = client.codec().keyBytes(key);
        LocalEntry local = client.local(bytes);
        return local != null && local != LocalEntry.ABSENT && isAll(local)
                ? CompletableFuture.completedFuture(now(local, tally))
                : computed(key, bytes, local, seen -> loadedLater(seen, key, own), tally, callerExecutor);
    }

    private CompletableFuture<@Nullable V> computed(
            K key,
            Bytes bytes,
            @Nullable LocalEntry local,
            Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, @Nullable V>>> code,
            Tally tally,
            Executor callerExecutor) {
        return found(bytes, local, callerExecutor).thenCompose(value -> {
            tally.read(value != null);
            return value != null
                    ? CompletableFuture.completedFuture(value)
                    : leased.<@Nullable V>runAsync(key, code, tally, callerExecutor);
        });
    }

    private CompletableFuture<@Nullable V> get(
            K key, Bytes bytes, @Nullable LocalEntry local, Tally tally, Executor callerExecutor) {
        return found(bytes, local, callerExecutor).thenCompose(value -> {
            tally.read(value != null);
            return value != null || loader == null || !loader.onMiss()
                    ? CompletableFuture.completedFuture(value)
                    : leased.run(key, seen -> loaded(seen, key, loader::load), tally, callerExecutor);
        });
    }

    private CompletableFuture<@Nullable V> found(Bytes key, @Nullable LocalEntry local, Executor callerExecutor) {
        if (local == null) {
            return client.get(key, callerExecutor);
        }
        return local == LocalEntry.ABSENT
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.completedFuture(local)
                        .thenComposeAsync(
                                entry -> client.recorded(
                                        client.codec().value(entry),
                                        client.accesses().touch(key, entry.version()),
                                        callerExecutor),
                                callerExecutor);
    }

    /** Loads, unless another client has while the lease was waited for. */
    private EntryAction<V, @Nullable V> loaded(
            @Nullable ObservedEntry<V> seen, K key, Function<? super K, ? extends @Nullable V> source) {
        return seen == null ? stored(source.apply(key)) : EntryAction.access(seen.value());
    }

    private CompletionStage<EntryAction<V, @Nullable V>> loadedLater(
            @Nullable ObservedEntry<V> seen,
            K key,
            Function<? super K, ? extends CompletionStage<? extends @Nullable V>> source) {
        return seen == null
                ? source.apply(key).thenApply(this::stored)
                : CompletableFuture.completedFuture(EntryAction.access(seen.value()));
    }

    private EntryAction<V, @Nullable V> stored(@Nullable V value) {
        if (value == null) {
            return EntryAction.keep(null);
        }
        checker.accept(value);
        return EntryAction.load(value, value);
    }

    CompletableFuture<Map<K, V>> getAll(Set<? extends K> keys, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return client.getAll(keys, callerExecutor).thenCompose(found -> {
            tally.reads(found.size(), keys.size() - found.size());
            if (loader == null || !loader.onMiss() || found.size() == keys.size()) {
                return CompletableFuture.completedFuture(found);
            }
            Set<K> missing = new HashSet<>(keys);
            missing.removeAll(found.keySet());
            return load(missing, loader, false, tally, callerExecutor).thenApply(loaded -> {
                loaded.forEach((key, value) -> found.put(key, value.get()));
                return found;
            });
        });
    }

    /**
     * Loads and stores entries.
     *
     * @param replaceExisting whether to load entries that exist as well
     * @return the entries that exist now, loaded or found
     */
    private CompletableFuture<Map<K, Supplier<V>>> load(
            Set<? extends K> keys,
            ReadThrough<K, V> source,
            boolean replaceExisting,
            Tally tally,
            Executor callerExecutor) {
        Map<K, Supplier<V>> now = new HashMap<>();
        return leased.all(
                        keys,
                        seen -> {
                            Set<K> wanted = new HashSet<>(keys);
                            if (!replaceExisting) {
                                wanted.removeAll(seen.keySet());
                                seen.forEach((key, entry) -> now.put(key, entry::value));
                            }
                            Map<K, EntryAction<V, Boolean>> decisions = new HashMap<>();
                            if (!wanted.isEmpty()) {
                                source.loadAll(wanted).forEach((key, value) -> {
                                    if (wanted.contains(key)) {
                                        now.put(key, () -> value);
                                        decisions.put(key, EntryAction.load(value, true));
                                    }
                                });
                            }
                            return decisions;
                        },
                        tally,
                        callerExecutor)
                .thenApply(none -> now);
    }

    CompletableFuture<Void> loadAll(Set<? extends K> keys, boolean replaceExisting, Executor callerExecutor) {
        return loader == null || keys.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : load(keys, loader, replaceExisting, Tally.UNCOUNTED, callerExecutor)
                        .thenAccept(loaded -> {});
    }
}
