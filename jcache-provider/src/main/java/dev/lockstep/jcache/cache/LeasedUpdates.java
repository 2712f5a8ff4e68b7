package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.session.ReadResult;
import dev.lockstep.protocol.session.Session;
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
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * Runs code of the application on entries: leases an entry, runs the code on what was read, tells the writer, and commits on
 * the condition that the entry is still what was read; otherwise once more. Thread-safe.
 */
final class LeasedUpdates<K, V> {

    /** Under the lease a run is disturbed only by plain writes of the same key. */
    private static final int MAX_ATTEMPTS = 1_000;

    private final CacheClient<K, V> binding;
    private final @Nullable WriteThrough<K, V> writer;

    LeasedUpdates(CacheClient<K, V> binding, @Nullable WriteThrough<K, V> writer) {
        this.binding = binding;
        this.writer = writer;
    }

    /**
     * Runs code on one entry. The future ends on {@code user}, or where the session's do.
     *
     * @param code sees the entry's value, or null; may be run again when the entry was changed meanwhile
     * @param tally counts what was put and removed
     * @param user runs the code, the writer and the policy, and waits for listeners
     */
    <R> CompletableFuture<R> run(
            K key, Function<@Nullable ObservedEntry<V>, EntryAction<V, R>> code, Tally tally, Executor user) {
        return runAsync(key, seen -> CompletableFuture.completedFuture(code.apply(seen)), tally, user);
    }

    /** Likewise, with code whose decision takes its time; nobody waits for it but the lease, which ends by time. */
    <R> CompletableFuture<R> runAsync(
            K key,
            Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code,
            Tally tally,
            Executor user) {
        return attempt(key, binding.keyBytes(key), code, tally, user, MAX_ATTEMPTS, false);
    }

    /** @param told whether the writer has been told what then could not be stored */
    private <R> CompletableFuture<R> attempt(
            K key,
            Bytes keyBytes,
            Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code,
            Tally tally,
            Executor user,
            int left,
            boolean told) {
        if (left == 0) {
            return CompletableFuture.failedFuture(new CacheException("The entry was changed by others during each of "
                    + MAX_ATTEMPTS + " attempts; nothing was applied"));
        }
        CompletableFuture<LeaseGrant> asked = binding.lease(keyBytes);
        CallerThreadExecutor.whenLeft(user, () -> asked.cancel(false));
        return asked.thenCompose(lease -> CompletableFuture.completedFuture(lease)
                        .thenComposeAsync(held -> decided(key, keyBytes, held, code, tally, user), user)
                        .whenComplete((end, failure) -> {
                            if (failure != null) {
                                binding.abandon(keyBytes, lease.id());
                            }
                            if (told && (end == null || (end.held() && !end.told()))) {
                                // The writer's store has what the cache has not: better that the cache has nothing.
                                binding.invalidate(keyBytes);
                            }
                        }))
                .thenCompose(end -> end.held()
                        ? CompletableFuture.completedFuture(end.result())
                        : attempt(key, keyBytes, code, tally, user, left - 1, told || end.told()));
    }

    /**
     * @param held whether the entry still was what the code saw, so that what it decided holds
     * @param told whether the writer was told
     */
    private record End<R>(
            boolean held, boolean told, @Nullable R result) {}

    private <R> CompletableFuture<End<R>> decided(
            K key,
            Bytes keyBytes,
            LeaseGrant lease,
            Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code,
            Tally tally,
            Executor user) {
        CompletionStage<EntryAction<V, R>> decision = code.apply(seen(lease.found()));
        CompletableFuture<EntryAction<V, R>> future = decision.toCompletableFuture();
        return future.isDone()
                ? future.thenCompose(made -> done(key, keyBytes, lease, made, tally, user))
                : future.thenComposeAsync(made -> done(key, keyBytes, lease, made, tally, user), user);
    }

    /** Does what was decided. */
    private <R> CompletableFuture<End<R>> done(
            K key, Bytes keyBytes, LeaseGrant lease, EntryAction<V, R> decision, Tally tally, Executor user) {
        Mutation mutation = mutation(keyBytes, lease.found(), decision);
        if (mutation == null) {
            return binding.release(keyBytes, lease.id(), lease.found().unchanged())
                    .thenApply(held -> new End<>(held, false, decision.result()));
        }
        boolean told = tellWriter(key, decision);
        return binding.write(mutation, lease.id(), user, result -> count(tally, decision, result))
                .whenComplete((result, failure) -> {
                    if (told && isUnknown(failure)) {
                        // The writer's store has it, and the cache may not: better that it has nothing.
                        binding.invalidate(keyBytes);
                    }
                })
                .thenApply(result -> new End<>(result.applied(), told, decision.result()));
    }

    /** Whether it was not stored, or not known to be; what listeners throw, they throw afterwards. */
    private static boolean isUnknown(@Nullable Throwable failure) {
        return failure != null && Session.unwrap(failure) instanceof RequestFailedException;
    }

    private @Nullable ObservedEntry<V> seen(ReadResult found) {
        return found.entry() == null ? null : new ObservedEntry<>(found.entry().value(), binding::value);
    }

    private static <V> void count(Tally tally, EntryAction<V, ?> decision, MutationResult result) {
        if (result.applied() && decision.action() == EntryAction.Action.PUT) {
            tally.put(result.changes() > 0);
        } else if (result.applied() && decision.action() == EntryAction.Action.REMOVE) {
            tally.removed(result.existed());
        }
    }

    private boolean tellWriter(K key, EntryAction<V, ?> decision) {
        if (writer == null) {
            return false;
        }
        if (decision.action() == EntryAction.Action.PUT) {
            writer.write(new LockstepEntry<>(key, decision.stored()));
            return true;
        } else if (decision.action() == EntryAction.Action.REMOVE) {
            writer.delete(key);
            return true;
        }
        return false;
    }

    private @Nullable Mutation mutation(Bytes key, ReadResult found, EntryAction<V, ?> decision) {
        Condition condition = decision.certain() ? Condition.ANY : found.unchanged();
        return switch (decision.action()) {
            case KEEP -> null;
            case ACCESS -> access(key, condition);
            case REMOVE -> Mutation.remove(key, condition);
            case PUT, LOAD -> {
                Bytes value = binding.valueBytes(decision.stored());
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
     * Runs code on many entries, under the leases of all. What was decided conditionally and is no longer true is left out.
     *
     * @param code sees the entries that are there, and decides for those keys that something is to be done for; it has told
     *     the writer itself
     * @param tally counts what was put and removed
     * @param user runs the code and the policy, and waits for listeners
     */
    <R> CompletableFuture<Void> all(
            Set<? extends K> keys,
            Function<Map<K, ObservedEntry<V>>, Map<K, EntryAction<V, R>>> code,
            Tally tally,
            Executor user) {
        TreeMap<Bytes, K> ordered = new TreeMap<>();
        keys.forEach(key -> ordered.put(binding.keyBytes(key), key));
        return Leases.of(ordered.navigableKeySet(), binding, user)
                .thenCompose(leases -> CompletableFuture.completedFuture(leases)
                        .thenComposeAsync(held -> decidedAll(ordered, held, code, tally, user), user)
                        .whenComplete((none, failure) -> leases.release()));
    }

    private <R> CompletableFuture<Void> decidedAll(
            Map<Bytes, K> ordered,
            Leases leases,
            Function<Map<K, ObservedEntry<V>>, Map<K, EntryAction<V, R>>> code,
            Tally tally,
            Executor user) {
        Map<K, ObservedEntry<V>> seen = new HashMap<>();
        ordered.forEach((bytes, key) -> {
            ObservedEntry<V> entry = seen(leases.of(bytes).found());
            if (entry != null) {
                seen.put(key, entry);
            }
        });
        Map<K, EntryAction<V, R>> decisions = code.apply(seen);
        List<Mutation> mutations = new ArrayList<>();
        ordered.forEach((bytes, key) -> {
            EntryAction<V, R> decision = decisions.get(key);
            Mutation mutation =
                    decision == null ? null : mutation(bytes, leases.of(bytes).found(), decision);
            if (mutation != null) {
                mutations.add(mutation);
            }
        });
        if (mutations.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return binding.writeAll(
                        mutations,
                        user,
                        (bytes, result) ->
                                count(tally, Objects.requireNonNull(decisions.get(ordered.get(bytes))), result))
                .whenComplete((results, failure) -> {
                    if (writer != null
                            && failure != null
                            && Session.unwrap(failure) instanceof PartialWriteException partial) {
                        partial.failures().keySet().forEach(binding::invalidate);
                    }
                })
                .thenAccept(results -> {});
    }
}
