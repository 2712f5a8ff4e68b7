package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.cache.Cache;
import javax.cache.integration.CacheWriterException;
import org.jspecify.annotations.Nullable;

/**
 * Writes of a cache. Without code of the application each is one conditional mutation; with a writer or an expiry policy of its
 * own it is decided here, under the entry's lease. What is given as {@code user} runs that code, decodes, and waits for
 * listeners. Thread-safe.
 */
final class Writes<K, V> {

    private final CacheClient<K, V> binding;
    private final LeasedUpdates<K, V> leased;
    private final @Nullable WriteThrough<K, V> writer;
    private final boolean plain;
    private final boolean comparesHere;
    private final Statistics statistics;

    /** @param byReference whether values are compared by {@code equals} only */
    Writes(
            CacheClient<K, V> binding,
            LeasedUpdates<K, V> leased,
            @Nullable WriteThrough<K, V> writer,
            boolean byReference,
            Statistics statistics) {
        this.binding = binding;
        this.leased = leased;
        this.writer = writer;
        this.plain = writer == null && !binding.expiry().isCustom();
        this.comparesHere = byReference || !plain;
        this.statistics = statistics;
    }

    CompletableFuture<Void> put(K key, V value, Executor user) {
        Tally tally = statistics.begin();
        return done(
                plain
                        ? write(
                                Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY),
                                tally,
                                user)
                        : leased.run(key, seen -> EntryAction.put(value, true).anyway(), tally, user));
    }

    /** With a lifetime that no policy has a say in. */
    CompletableFuture<Void> put(K key, V value, Lifetime lifetime, Executor user) {
        Tally tally = statistics.begin();
        return done(
                plain
                        ? write(
                                Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)
                                        .living(lifetime),
                                tally,
                                user)
                        : leased.run(
                                key,
                                seen -> EntryAction.put(value, true)
                                        .living(lifetime)
                                        .anyway(),
                                tally,
                                user));
    }

    private static CompletableFuture<Void> done(CompletableFuture<?> written) {
        return written.thenAccept(result -> {});
    }

    CompletableFuture<@Nullable V> getAndPut(K key, V value, Executor user) {
        Tally tally = statistics.begin();
        return read(
                tally,
                plain
                        ? old(
                                Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)
                                        .returningOld(),
                                tally,
                                user)
                        : leased.<@Nullable ObservedEntry<V>>run(key, seen -> EntryAction.put(value, seen), tally, user)
                                .thenApply(ObservedEntry::old),
                old -> old != null);
    }

    CompletableFuture<Boolean> putIfAbsent(K key, V value, Executor user) {
        Tally tally = statistics.begin();
        return read(
                tally,
                plain
                        ? write(
                                        Mutation.put(
                                                binding.keyBytes(key), binding.valueBytes(value), Condition.ABSENT),
                                        tally,
                                        user)
                                .thenApply(MutationResult::applied)
                        : leased.run(
                                key,
                                seen -> seen == null ? EntryAction.put(value, true) : EntryAction.keep(false),
                                tally,
                                user),
                stored -> !stored);
    }

    CompletableFuture<Boolean> remove(K key, Executor user) {
        Tally tally = statistics.begin();
        return plain
                ? write(Mutation.remove(binding.keyBytes(key), Condition.ANY), tally, user)
                        .thenApply(MutationResult::existed)
                : leased.run(key, seen -> EntryAction.remove(seen != null), tally, user);
    }

    CompletableFuture<@Nullable V> getAndRemove(K key, Executor user) {
        Tally tally = statistics.begin();
        return read(
                tally,
                plain
                        ? old(
                                Mutation.remove(binding.keyBytes(key), Condition.ANY)
                                        .returningOld(),
                                tally,
                                user)
                        : leased.<@Nullable ObservedEntry<V>>run(key, EntryAction::remove, tally, user)
                                .thenApply(ObservedEntry::old),
                old -> old != null);
    }

    CompletableFuture<Boolean> remove(K key, V expected, Executor user) {
        return compare(
                key,
                expected,
                bytes -> Mutation.remove(binding.keyBytes(key), new ValueIs(bytes)),
                EntryAction.remove(Comparison.EQUAL),
                user);
    }

    CompletableFuture<Boolean> replace(K key, V expected, V value, Executor user) {
        return compare(
                key,
                expected,
                bytes -> Mutation.put(binding.keyBytes(key), binding.valueBytes(value), new ValueIs(bytes)),
                EntryAction.put(value, Comparison.EQUAL),
                user);
    }

    private enum Comparison {
        ABSENT,
        DIFFERENT,
        EQUAL
    }

    /** By the bytes where they are; by {@code equals} here, when equal objects may have different bytes. */
    private CompletableFuture<Boolean> compare(
            K key, V expected, Function<Bytes, Mutation> inPlace, EntryAction<V, Comparison> whenEqual, Executor user) {
        Tally tally = statistics.begin();
        CompletableFuture<Comparison> compared = !comparesHere && binding.isComparedByBytes(expected)
                ? write(inPlace.apply(binding.valueBytes(expected)), tally, user)
                        .thenApply(Writes::comparison)
                : leased.run(
                        key,
                        seen -> {
                            if (seen == null) {
                                return EntryAction.keep(Comparison.ABSENT);
                            }
                            return seen.isEqualTo(expected, binding::valueBytes)
                                    ? whenEqual
                                    : EntryAction.access(Comparison.DIFFERENT);
                        },
                        tally,
                        user);
        return read(tally, compared, comparison -> comparison != Comparison.ABSENT)
                .thenApply(comparison -> comparison == Comparison.EQUAL);
    }

    private static Comparison comparison(MutationResult result) {
        return result.applied() ? Comparison.EQUAL : result.existed() ? Comparison.DIFFERENT : Comparison.ABSENT;
    }

    CompletableFuture<Boolean> replace(K key, V value, Executor user) {
        Tally tally = statistics.begin();
        return read(
                tally,
                plain
                        ? write(
                                        Mutation.put(
                                                binding.keyBytes(key), binding.valueBytes(value), Condition.PRESENT),
                                        tally,
                                        user)
                                .thenApply(MutationResult::applied)
                        : leased.run(
                                key,
                                seen -> seen == null ? EntryAction.keep(false) : EntryAction.put(value, true),
                                tally,
                                user),
                replaced -> replaced);
    }

    CompletableFuture<@Nullable V> getAndReplace(K key, V value, Executor user) {
        Tally tally = statistics.begin();
        return read(
                tally,
                plain
                        ? old(
                                Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.PRESENT)
                                        .returningOld(),
                                tally,
                                user)
                        : leased.<@Nullable ObservedEntry<V>>run(
                                        key,
                                        seen -> seen == null ? EntryAction.keep(null) : EntryAction.put(value, seen),
                                        tally,
                                        user)
                                .thenApply(ObservedEntry::old),
                old -> old != null);
    }

    /** An operation that also is a read of the entry, counted as such. */
    private static <R> CompletableFuture<R> read(Tally tally, CompletableFuture<R> operation, Predicate<R> found) {
        return operation.thenApply(result -> {
            tally.read(found.test(result));
            return result;
        });
    }

    /** One mutation, counted. */
    private CompletableFuture<MutationResult> write(Mutation mutation, Tally tally, Executor user) {
        return binding.write(mutation, LeaseId.NONE, user, result -> {
            boolean changed = result.applied() && result.changes() > 0;
            boolean put = mutation.action() == Mutation.Action.PUT;
            tally.put(changed && put);
            tally.removed(changed && !put && result.existed());
        });
    }

    private CompletableFuture<@Nullable V> old(Mutation mutation, Tally tally, Executor user) {
        return write(mutation, tally, user)
                .thenApply(result -> result.old() == null
                        ? null
                        : ObservedEntry.old(new ObservedEntry<>(result.old(), binding::value)));
    }

    // Many at once

    CompletableFuture<Void> putAll(Map<? extends K, ? extends V> map, Executor user) {
        if (map.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        if (plain) {
            List<Mutation> puts = new ArrayList<>(map.size());
            map.forEach((key, value) ->
                    puts.add(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)));
            return done(binding.writeAll(puts, user, (key, result) -> tally.put(result.changes() > 0)));
        }
        Batch batch = new Batch();
        Set<K> keys = new HashSet<>(map.keySet());
        return leased.<Boolean>all(
                        keys,
                        seen -> {
                            Collection<Cache.Entry<K, V>> entries = new ArrayList<>(map.size());
                            map.forEach((key, value) -> entries.add(new LockstepEntry<>(key, value)));
                            batch.run(writer == null ? null : () -> writer.writeAll(entries));
                            if (batch.failure != null) {
                                entries.forEach(entry -> keys.remove(entry.getKey()));
                            }
                            Map<K, EntryAction<V, Boolean>> decisions = new HashMap<>();
                            map.forEach((key, value) -> {
                                if (keys.contains(key)) {
                                    decisions.put(
                                            key,
                                            EntryAction.<V, Boolean>put(value, true)
                                                    .anyway());
                                }
                            });
                            return decisions;
                        },
                        tally,
                        user)
                .thenRun(batch::report);
    }

    CompletableFuture<Void> removeAll(Set<? extends K> asked, Executor user) {
        if (asked.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Tally tally = statistics.begin();
        if (plain) {
            return removeAllPlainly(asked.stream().map(binding::keyBytes).toList(), tally, user);
        }
        Batch batch = new Batch();
        Set<K> keys = new HashSet<>(asked);
        return leased.<Boolean>all(
                        asked,
                        seen -> {
                            Collection<K> left = new ArrayList<>(asked);
                            batch.run(writer == null ? null : () -> writer.deleteAll(left));
                            if (batch.failure != null) {
                                keys.removeAll(left);
                            }
                            Map<K, EntryAction<V, Boolean>> decisions = new HashMap<>();
                            keys.forEach(key -> decisions.put(
                                    key, EntryAction.<V, Boolean>remove(true).anyway()));
                            return decisions;
                        },
                        tally,
                        user)
                .thenRun(batch::report);
    }

    /** Removes what has these keys; only a writer has to be told which they are. */
    CompletableFuture<Void> removeAllOf(List<Bytes> asked, Executor user) {
        if (!plain) {
            Set<K> keys = new LinkedHashSet<>();
            asked.forEach(key -> keys.add(binding.key(key)));
            return removeAll(keys, user);
        }
        return asked.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : removeAllPlainly(asked, statistics.begin(), user);
    }

    private CompletableFuture<Void> removeAllPlainly(List<Bytes> asked, Tally tally, Executor user) {
        List<Mutation> removals =
                asked.stream().map(key -> Mutation.remove(key, Condition.ANY)).toList();
        return done(binding.writeAll(removals, user, (key, result) -> tally.removed(result.existed())));
    }

    /** A writer that accepted only some: those are stored, then its failure is reported. Used by one operation. */
    private static final class Batch {

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

        void report() {
            if (failure != null) {
                throw failure;
            }
        }
    }
}
