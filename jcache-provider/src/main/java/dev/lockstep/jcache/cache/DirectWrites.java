package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Condition.ValueIs;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes of a cache without application code: each is one conditional mutation, which the shard decides. Only values whose equality the
 * shard cannot decide by their bytes are compared here, under a lease. Thread-safe.
 */
final class DirectWrites<K, V> implements Writes<K, V> {

    private final CacheClient<K, V> client;
    private final EntryCodec<K, V> codec;
    private final LeasedWrites<K, V> underLease;
    private final boolean byReference;
    private final Statistics statistics;

    /**
     * @param underLease compares values here
     * @param byReference whether values are compared by {@code equals} only
     */
    DirectWrites(CacheClient<K, V> client, LeasedWrites<K, V> underLease, boolean byReference, Statistics statistics) {
        this.client = client;
        this.codec = client.codec();
        this.underLease = underLease;
        this.byReference = byReference;
        this.statistics = statistics;
    }

    private Mutation putOf(K key, V value, Condition condition) {
        return Mutation.put(codec.keyBytes(key), codec.valueBytes(value), condition);
    }

    @Override
    public CompletableFuture<Void> put(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return write(putOf(key, value, Condition.ANY), tally, callerExecutor).thenAccept(result -> {});
    }

    @Override
    public CompletableFuture<Void> put(K key, V value, Lifetime lifetime, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return write(putOf(key, value, Condition.ANY).living(lifetime), tally, callerExecutor)
                .thenAccept(result -> {});
    }

    @Override
    public CompletableFuture<@Nullable V> getAndPut(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return writeReturningOld(putOf(key, value, Condition.ANY), tally, callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> putIfAbsent(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return countRead(
                        write(putOf(key, value, Condition.ABSENT), tally, callerExecutor),
                        result -> !result.applied(),
                        tally)
                .thenApply(MutationResult::applied);
    }

    @Override
    public CompletableFuture<Boolean> remove(K key, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return write(Mutation.remove(codec.keyBytes(key), Condition.ANY), tally, callerExecutor)
                .thenApply(MutationResult::existed);
    }

    @Override
    public CompletableFuture<@Nullable V> getAndRemove(K key, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return writeReturningOld(Mutation.remove(codec.keyBytes(key), Condition.ANY), tally, callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> remove(K key, V expected, Executor callerExecutor) {
        if (!isComparedByShard(expected)) {
            return underLease.remove(key, expected, callerExecutor);
        }
        Tally tally = statistics.begin();
        return writeIfEqual(
                Mutation.remove(codec.keyBytes(key), new ValueIs(codec.valueBytes(expected))), tally, callerExecutor);
    }

    @Override
    public CompletableFuture<Boolean> replace(K key, V expected, V value, Executor callerExecutor) {
        if (!isComparedByShard(expected)) {
            return underLease.replace(key, expected, value, callerExecutor);
        }
        Tally tally = statistics.begin();
        return writeIfEqual(putOf(key, value, new ValueIs(codec.valueBytes(expected))), tally, callerExecutor);
    }

    /** Returns whether the shard can compare a value: equal ones have equal bytes. */
    private boolean isComparedByShard(V expected) {
        return !byReference && codec.isComparedByBytes(expected);
    }

    private CompletableFuture<Boolean> writeIfEqual(Mutation mutation, Tally tally, Executor callerExecutor) {
        return countRead(write(mutation, tally, callerExecutor), result -> result.applied() || result.existed(), tally)
                .thenApply(MutationResult::applied);
    }

    @Override
    public CompletableFuture<Boolean> replace(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return countRead(
                        write(putOf(key, value, Condition.PRESENT), tally, callerExecutor),
                        MutationResult::applied,
                        tally)
                .thenApply(MutationResult::applied);
    }

    @Override
    public CompletableFuture<@Nullable V> getAndReplace(K key, V value, Executor callerExecutor) {
        Tally tally = statistics.begin();
        return writeReturningOld(putOf(key, value, Condition.PRESENT), tally, callerExecutor);
    }

    @Override
    public CompletableFuture<Void> putAll(Map<? extends K, ? extends V> map, Executor callerExecutor) {
        if (map.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        List<Mutation> puts = new ArrayList<>(map.size());
        map.forEach((key, value) -> puts.add(putOf(key, value, Condition.ANY)));
        return client.writeAll(puts, callerExecutor, (key, result) -> tally.put(result.changes() > 0))
                .thenAccept(results -> {});
    }

    @Override
    public CompletableFuture<Void> removeAll(Set<? extends K> keys, Executor callerExecutor) {
        return removeAllOf(keys.stream().<Bytes>map(codec::keyBytes).toList(), callerExecutor);
    }

    @Override
    public CompletableFuture<Void> removeAllOf(List<Bytes> keys, Executor callerExecutor) {
        if (keys.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        List<Mutation> removals =
                keys.stream().map(key -> Mutation.remove(key, Condition.ANY)).toList();
        return client.writeAll(removals, callerExecutor, (key, result) -> tally.removed(result.existed()))
                .thenAccept(results -> {});
    }

    /** Writes one mutation, and counts it. */
    private CompletableFuture<MutationResult> write(Mutation mutation, Tally tally, Executor callerExecutor) {
        return client.write(mutation, LeaseId.NONE, callerExecutor, result -> {
            boolean changed = result.applied() && result.changes() > 0;
            boolean put = mutation.action() == Mutation.Action.PUT;
            tally.put(changed && put);
            tally.removed(changed && !put && result.existed());
        });
    }

    /** Writes one mutation, and counts it also as a read of the value before. */
    private CompletableFuture<@Nullable V> writeReturningOld(Mutation mutation, Tally tally, Executor callerExecutor) {
        CompletableFuture<@Nullable V> old = write(mutation.returningOld(), tally, callerExecutor)
                .thenApply(result -> result.old() == null
                        ? null
                        : ObservedEntry.old(new ObservedEntry<V>(result.old(), codec::value)));
        return countRead(old, value -> value != null, tally);
    }

    private static <R> CompletableFuture<R> countRead(CompletableFuture<R> operation, Predicate<R> isHit, Tally tally) {
        return operation.thenApply(result -> {
            tally.read(isHit.test(result));
            return result;
        });
    }
}
