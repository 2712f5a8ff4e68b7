package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import javax.cache.Cache;
import javax.cache.integration.CacheWriterException;
import org.jspecify.annotations.Nullable;

/**
 * Writes of a cache with a writer or an expiry policy of the application: each is decided in this JVM, under the lease of its entry.
 * Thread-safe.
 */
final class LeasedWrites<K, V> implements Writes<K, V> {

    private final EntryCodec<K, V> codec;
    private final LeasedUpdates<K, V> leased;
    private final @Nullable WriteThrough<K, V> writer;
    private final Statistics statistics;

    LeasedWrites(
            EntryCodec<K, V> codec,
            LeasedUpdates<K, V> leased,
            @Nullable WriteThrough<K, V> writer,
            Statistics statistics) {
        this.codec = codec;
        this.leased = leased;
        this.writer = writer;
        this.statistics = statistics;
    }

    @Override
    public CompletableFuture<Void> put(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return leased.run(key, seen -> EntryAction.put(value, true).anyway(), tally, callerExecutor)
                .thenAccept(put -> {});
    }

    @Override
    public CompletableFuture<Void> put(K key, V value, Lifetime lifetime, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return leased.run(
                        key,
                        seen -> EntryAction.put(value, true).living(lifetime).anyway(),
                        tally,
                        callerExecutor)
                .thenAccept(put -> {});
    }

    @Override
    public CompletableFuture<@Nullable V> getAndPut(K key, V value, Executor callerExecutor) {
        return runReturningOld(key, seen -> EntryAction.put(value, seen), callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> putIfAbsent(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return countRead(
                leased.run(
                        key,
                        seen -> seen == null ? EntryAction.put(value, true) : EntryAction.keep(false),
                        tally,
                        callerExecutor),
                stored -> !stored,
                tally);
    }

    @Override
    public CompletableFuture<Boolean> remove(K key, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return leased.run(key, seen -> EntryAction.remove(seen != null), tally, callerExecutor);
    }

    @Override
    public CompletableFuture<@Nullable V> getAndRemove(K key, Executor callerExecutor) {
        return runReturningOld(key, EntryAction::remove, callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> remove(K key, V expected, Executor callerExecutor) {
        return runIfEqual(key, expected, EntryAction.remove(Comparison.EQUAL), callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> replace(K key, V expected, V value, Executor callerExecutor) {
        return runIfEqual(key, expected, EntryAction.put(value, Comparison.EQUAL), callerExecutor);
    }

    private enum Comparison {
        ABSENT,
        DIFFERENT,
        EQUAL
    }

    private CompletableFuture<Boolean> runIfEqual(
            K key, V expected, EntryAction<V, Comparison> action, Executor callerExecutor) {
        Tally tally = statistics.begin();
        CompletableFuture<Comparison> compared = leased.run(
                key,
                seen -> {
                    if (seen == null) {
                        return EntryAction.keep(Comparison.ABSENT);
                    }
                    return seen.isEqualTo(expected, codec::valueBytes)
                            ? action
                            : EntryAction.access(Comparison.DIFFERENT);
                },
                tally,
                callerExecutor);
        return countRead(compared, comparison -> comparison != Comparison.ABSENT, tally)
                .thenApply(comparison -> comparison == Comparison.EQUAL);
    }

    @Override
    public CompletableFuture<Boolean> replace(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return countRead(
                leased.run(
                        key,
                        seen -> seen == null ? EntryAction.keep(false) : EntryAction.put(value, true),
                        tally,
                        callerExecutor),
                replaced -> replaced,
                tally);
    }

    @Override
    public CompletableFuture<@Nullable V> getAndReplace(K key, V value, Executor callerExecutor) {
        return runReturningOld(
                key, seen -> seen == null ? EntryAction.keep(null) : EntryAction.put(value, seen), callerExecutor);
    }

    private interface ActionReturningOld<V> {
        EntryAction<V, @Nullable ObservedEntry<V>> on(@Nullable ObservedEntry<V> seen);
    }

    /** Runs an action whose result is the entry before, and counts that also as a read. */
    private CompletableFuture<@Nullable V> runReturningOld(
            K key, ActionReturningOld<V> action, Executor callerExecutor) {
        Tally tally = statistics.begin();
        CompletableFuture<@Nullable V> old = leased.<@Nullable ObservedEntry<V>>run(
                        key, action::on, tally, callerExecutor)
                .thenApply(ObservedEntry::old);
        return countRead(old, value -> value != null, tally);
    }

    private static <R> CompletableFuture<R> countRead(CompletableFuture<R> operation, Predicate<R> isHit, Tally tally) {
        return operation.thenApply(result -> {
            tally.read(isHit.test(result));
            return result;
        });
    }

    @Override
    public CompletableFuture<Void> putAll(Map<? extends K, ? extends V> map, Executor callerExecutor) {
        if (map.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        WriterCall call = new WriterCall();
        Set<K> keys = new HashSet<>(map.keySet());
        return leased.<Boolean>all(
                        keys,
                        seen -> {
                            Collection<Cache.Entry<K, V>> entries = new ArrayList<>(map.size());
                            map.forEach((key, value) -> entries.add(new LockstepEntry<>(key, value)));
                            call.run(writer == null ? null : () -> writer.writeAll(entries));
                            if (call.failure != null) {
                                entries.forEach(entry -> keys.remove(entry.getKey()));
                            }
                            Map<K, EntryAction<V, Boolean>> actions = new HashMap<>();
                            map.forEach((key, value) -> {
                                if (keys.contains(key)) {
                                    actions.put(
                                            key,
                                            EntryAction.<V, Boolean>put(value, true)
                                                    .anyway());
                                }
                            });
                            return actions;
                        },
                        tally,
                        callerExecutor)
                .thenRun(call::rethrow);
    }

    @Override
    public CompletableFuture<Void> removeAll(Set<? extends K> asked, Executor callerExecutor) {
        if (asked.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        WriterCall call = new WriterCall();
        Set<K> keys = new HashSet<>(asked);
        return leased.<Boolean>all(
                        asked,
                        seen -> {
                            Collection<K> left = new ArrayList<>(asked);
                            call.run(writer == null ? null : () -> writer.deleteAll(left));
                            if (call.failure != null) {
                                keys.removeAll(left);
                            }
                            Map<K, EntryAction<V, Boolean>> actions = new HashMap<>();
                            keys.forEach(key -> actions.put(
                                    key, EntryAction.<V, Boolean>remove(true).anyway()));
                            return actions;
                        },
                        tally,
                        callerExecutor)
                .thenRun(call::rethrow);
    }

    @Override
    public CompletableFuture<Void> removeAllOf(List<Bytes> asked, Executor callerExecutor) {
        Set<K> keys = new LinkedHashSet<>();
        asked.forEach(key -> keys.add(codec.key(key)));
        return removeAll(keys, callerExecutor);
    }

    /** The writer's part of one operation on many entries: what it accepted is stored before its failure is reported. */
    private static final class WriterCall {

        private @Nullable CacheWriterException failure;

        void run(@Nullable Runnable call) {
            try {
                if (call != null) {
                    call.run();
                }
            } catch (CacheWriterException some) {
                failure = some;
            }
        }

        void rethrow() {
            if (failure != null) {
                throw failure;
            }
        }
    }
}
