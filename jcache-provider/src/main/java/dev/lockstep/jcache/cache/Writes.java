package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Statistics;
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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import javax.cache.Cache;
import javax.cache.integration.CacheWriterException;
import org.jspecify.annotations.Nullable;

/**
 * Writes of a cache. Without code of the application each is one conditional mutation; with a writer or an expiry policy of its
 * own it is decided here, under the entry's lease. Thread-safe.
 */
final class Writes<K, V> {

    private final Binding<K, V> binding;
    private final Leased<K, V> leased;
    private final @Nullable WriteThrough<K, V> writer;
    private final boolean plain;
    private final boolean comparesHere;
    private final Statistics statistics;

    /** @param byReference whether values are compared by {@code equals} only */
    Writes(
            Binding<K, V> binding,
            Leased<K, V> leased,
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

    void put(K key, V value) {
        if (plain) {
            write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY));
        } else {
            leased.run(key, seen -> Decision.put(value, true).anyway());
        }
    }

    /** With a lifetime that no policy has a say in. */
    void put(K key, V value, Lifetime lifetime) {
        if (plain) {
            write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)
                    .living(lifetime));
        } else {
            leased.run(key, seen -> Decision.put(value, true).living(lifetime).anyway());
        }
    }

    @Nullable
    V getAndPut(K key, V value) {
        V old;
        if (plain) {
            old = old(write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)
                    .returningOld()));
        } else {
            old = leased.<@Nullable V>run(key, seen -> Decision.put(value, seen));
        }
        statistics.read(old != null);
        return old;
    }

    boolean putIfAbsent(K key, V value) {
        boolean stored = plain
                ? write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ABSENT))
                        .applied()
                : leased.run(key, seen -> seen == null ? Decision.put(value, true) : Decision.keep(false));
        statistics.read(!stored);
        return stored;
    }

    boolean remove(K key) {
        boolean existed = plain
                ? write(Mutation.remove(binding.keyBytes(key), Condition.ANY)).existed()
                : leased.run(key, seen -> Decision.remove(seen != null));
        return existed;
    }

    @Nullable
    V getAndRemove(K key) {
        V old = plain
                ? old(write(
                        Mutation.remove(binding.keyBytes(key), Condition.ANY).returningOld()))
                : leased.<@Nullable V>run(key, seen -> Decision.remove(seen));
        statistics.read(old != null);
        return old;
    }

    boolean remove(K key, V expected) {
        Comparison compared = compare(
                key,
                expected,
                bytes -> Mutation.remove(binding.keyBytes(key), new ValueIs(bytes)),
                Decision.remove(Comparison.EQUAL));
        statistics.read(compared != Comparison.ABSENT);
        return compared == Comparison.EQUAL;
    }

    boolean replace(K key, V expected, V value) {
        Comparison compared = compare(
                key,
                expected,
                bytes -> Mutation.put(binding.keyBytes(key), binding.valueBytes(value), new ValueIs(bytes)),
                Decision.put(value, Comparison.EQUAL));
        statistics.read(compared != Comparison.ABSENT);
        return compared == Comparison.EQUAL;
    }

    private enum Comparison {
        ABSENT,
        DIFFERENT,
        EQUAL
    }

    /** By the bytes where they are; by {@code equals} here, when equal objects may have different bytes. */
    private Comparison compare(
            K key, V expected, Function<Bytes, Mutation> inPlace, Decision<V, Comparison> whenEqual) {
        if (!comparesHere && binding.isComparedByBytes(expected)) {
            MutationResult result = write(inPlace.apply(binding.valueBytes(expected)));
            return result.applied() ? Comparison.EQUAL : result.existed() ? Comparison.DIFFERENT : Comparison.ABSENT;
        }
        return leased.run(key, seen -> {
            if (seen == null) {
                return Decision.keep(Comparison.ABSENT);
            }
            return seen.equals(expected) ? whenEqual : Decision.access(Comparison.DIFFERENT);
        });
    }

    boolean replace(K key, V value) {
        boolean replaced = plain
                ? write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.PRESENT))
                        .applied()
                : leased.run(key, seen -> seen == null ? Decision.keep(false) : Decision.put(value, true));
        statistics.read(replaced);
        return replaced;
    }

    @Nullable
    V getAndReplace(K key, V value) {
        V old = plain
                ? old(write(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.PRESENT)
                        .returningOld()))
                : leased.<@Nullable V>run(key, seen -> seen == null ? Decision.keep(null) : Decision.put(value, seen));
        statistics.read(old != null);
        return old;
    }

    /** One mutation, counted. */
    private MutationResult write(Mutation mutation) {
        return binding.write(mutation, LeaseId.NONE, result -> {
            boolean changed = result.applied() && result.changes() > 0;
            boolean put = mutation.action() == Mutation.Action.PUT;
            statistics.puts(changed && put ? 1 : 0);
            statistics.removals(changed && !put && result.existed() ? 1 : 0);
        });
    }

    private @Nullable V old(MutationResult result) {
        return result.old() == null ? null : binding.value(result.old());
    }

    // Many at once

    void putAll(Map<? extends K, ? extends V> map) {
        if (map.isEmpty()) {
            return;
        }
        if (plain) {
            List<Mutation> puts = new ArrayList<>(map.size());
            map.forEach((key, value) ->
                    puts.add(Mutation.put(binding.keyBytes(key), binding.valueBytes(value), Condition.ANY)));
            statistics.puts(binding.writeAll(puts).values().stream()
                    .filter(result -> result.changes() > 0)
                    .count());
            return;
        }
        Batch batch = new Batch();
        Set<K> keys = new HashSet<>(map.keySet());
        leased.<Boolean>all(keys, seen -> {
            Collection<Cache.Entry<K, V>> entries = new ArrayList<>(map.size());
            map.forEach((key, value) -> entries.add(new LockstepEntry<>(key, value)));
            batch.run(writer == null ? null : () -> writer.writeAll(entries));
            if (batch.failure != null) {
                entries.forEach(entry -> keys.remove(entry.getKey()));
            }
            Map<K, Decision<V, Boolean>> decisions = new HashMap<>();
            keys.forEach(key -> decisions.put(
                    key, Decision.<V, Boolean>put(map.get(key), true).anyway()));
            return decisions;
        });
        batch.report();
    }

    void removeAll(Set<? extends K> asked) {
        if (asked.isEmpty()) {
            return;
        }
        if (plain) {
            Collection<MutationResult> results = binding.writeAll(asked.stream()
                            .map(key -> Mutation.remove(binding.keyBytes(key), Condition.ANY))
                            .toList())
                    .values();
            statistics.removals(results.stream().filter(MutationResult::existed).count());
            return;
        }
        Batch batch = new Batch();
        Set<K> keys = new HashSet<>(asked);
        leased.<Boolean>all(asked, seen -> {
            Collection<K> left = new ArrayList<>(asked);
            batch.run(writer == null ? null : () -> writer.deleteAll(left));
            if (batch.failure != null) {
                keys.removeAll(left);
            }
            Map<K, Decision<V, Boolean>> decisions = new HashMap<>();
            keys.forEach(
                    key -> decisions.put(key, Decision.<V, Boolean>remove(true).anyway()));
            return decisions;
        });
        batch.report();
    }

    /** A writer that accepted only some: those are stored, then its failure is reported. */
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
