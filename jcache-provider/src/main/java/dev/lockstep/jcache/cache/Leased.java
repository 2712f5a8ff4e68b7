package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Statistics;
import dev.lockstep.protocol.routing.Found;
import dev.lockstep.protocol.routing.HeldLease;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import javax.cache.CacheException;
import javax.cache.event.CacheEntryListenerException;
import org.jspecify.annotations.Nullable;

/**
 * Runs code of the application on entries: leases an entry, runs the code on what was read, tells the writer, and commits on
 * the condition that the entry is still what was read; otherwise once more. Counts what it has put and removed. Thread-safe.
 */
final class Leased<K, V> {

    /** Under the lease a run is disturbed only by plain writes of the same key. */
    private static final int MAX_ATTEMPTS = 1_000;

    private final Binding<K, V> binding;
    private final @Nullable WriteThrough<K, V> writer;
    private final Statistics statistics;

    Leased(Binding<K, V> binding, @Nullable WriteThrough<K, V> writer, Statistics statistics) {
        this.binding = binding;
        this.writer = writer;
        this.statistics = statistics;
    }

    /** @param code sees the value, or null; may be run again when the entry was changed meanwhile */
    <R> R run(K key, Function<@Nullable V, Decision<V, R>> code) {
        Bytes keyBytes = binding.keyBytes(key);
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            HeldLease lease = binding.lease(keyBytes);
            boolean done = false;
            try {
                Decision<V, R> decision = code.apply(seen(lease.found()));
                if (commit(key, keyBytes, lease, decision)) {
                    done = true;
                    return decision.result();
                }
                done = true;
            } finally {
                if (!done) {
                    binding.abandon(keyBytes, lease.id());
                }
            }
        }
        throw new CacheException(
                "The entry was changed by others during each of " + MAX_ATTEMPTS + " attempts; nothing was applied");
    }

    private @Nullable V seen(Found found) {
        return found.entry() == null ? null : binding.value(found.entry().value());
    }

    /** Whether the entry still was what the code saw, so that what it decided holds. */
    private boolean commit(K key, Bytes keyBytes, HeldLease lease, Decision<V, ?> decision) {
        Mutation mutation = mutation(keyBytes, lease.found(), decision);
        if (mutation == null) {
            return binding.release(keyBytes, lease.id(), lease.found().unchanged());
        }
        boolean told = tellWriter(key, decision);
        try {
            return binding.write(mutation, lease.id(), result -> count(decision, result))
                    .applied();
        } catch (CacheEntryListenerException committed) {
            throw committed;
        } catch (CacheException unknown) {
            if (told) {
                // The writer's store has it, and the cache may not: better that it has nothing.
                binding.invalidate(keyBytes);
            }
            throw unknown;
        }
    }

    private void count(Decision<V, ?> decision, MutationResult result) {
        if (result.applied() && decision.action() == Decision.Action.PUT) {
            statistics.puts(result.changes() > 0 ? 1 : 0);
        } else if (result.applied() && decision.action() == Decision.Action.REMOVE) {
            statistics.removals(result.existed() ? 1 : 0);
        }
    }

    private boolean tellWriter(K key, Decision<V, ?> decision) {
        if (writer == null) {
            return false;
        }
        if (decision.action() == Decision.Action.PUT) {
            writer.write(new LockstepEntry<>(key, decision.value()));
            return true;
        } else if (decision.action() == Decision.Action.REMOVE) {
            writer.delete(key);
            return true;
        }
        return false;
    }

    private @Nullable Mutation mutation(Bytes key, Found found, Decision<V, ?> decision) {
        Condition condition = decision.certain() ? Condition.ANY : found.unchanged();
        return switch (decision.action()) {
            case KEEP -> null;
            case ACCESS -> access(key, condition);
            case REMOVE -> Mutation.remove(key, condition);
            case PUT, LOAD -> {
                Bytes value = binding.valueBytes(decision.value());
                yield Mutation.put(key, value, condition)
                        .living(decision.lifetime() == null ? lifetime(found.entry()) : decision.lifetime());
            }
        };
    }

    private @Nullable Mutation access(Bytes key, Condition condition) {
        Lifetime lifetime = binding.lifetimeAfterAccess();
        return lifetime.equals(Lifetime.UNCHANGED) ? null : Mutation.touch(key, condition, lifetime);
    }

    private Lifetime lifetime(@Nullable EntryRead before) {
        return before == null ? binding.expiry().creation() : binding.expiry().update();
    }

    /**
     * Runs code on many entries, under the leases of all. They are taken in one order by everyone, so that nobody waits in a
     * circle. What was decided conditionally and is no longer true is left out.
     *
     * @param code sees the entries that are there, and decides for those keys that something is to be done for; it has told
     *     the writer itself
     */
    <R> void all(Set<? extends K> keys, Function<Map<K, V>, Map<K, Decision<V, R>>> code) {
        Map<Bytes, K> ordered = new TreeMap<>();
        keys.forEach(key -> ordered.put(binding.keyBytes(key), key));
        Map<Bytes, HeldLease> leases = new HashMap<>();
        try {
            Map<K, V> seen = new HashMap<>();
            ordered.forEach((bytes, key) -> {
                HeldLease lease = binding.lease(bytes);
                leases.put(bytes, lease);
                V value = seen(lease.found());
                if (value != null) {
                    seen.put(key, value);
                }
            });
            Map<K, Decision<V, R>> decisions = code.apply(seen);
            List<Mutation> mutations = new ArrayList<>();
            ordered.forEach((bytes, key) -> {
                Decision<V, R> decision = decisions.get(key);
                Mutation mutation = decision == null
                        ? null
                        : mutation(bytes, leases.get(bytes).found(), decision);
                if (mutation != null) {
                    mutations.add(mutation);
                }
            });
            if (!mutations.isEmpty()) {
                write(mutations).forEach((bytes, result) -> count(decisions.get(ordered.get(bytes)), result));
            }
        } finally {
            leases.forEach((bytes, lease) -> binding.abandon(bytes, lease.id()));
        }
    }

    private Map<Bytes, MutationResult> write(List<Mutation> mutations) {
        try {
            return binding.writeAll(mutations);
        } catch (CacheEntryListenerException committed) {
            throw committed;
        } catch (CacheException unknown) {
            if (writer != null) {
                mutations.forEach(mutation -> binding.invalidate(mutation.key()));
            }
            throw unknown;
        }
    }
}
