package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.integration.WriteThrough;
import dev.lockstep.jcache.management.Tally;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.session.ReadResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
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
 * Optimistic updates by application code, under leases: leases an entry, runs the code on what was read, calls the writer, and commits on the
 * condition that the entry is unchanged; otherwise tries again. The first attempt may do without the lease. Thread-safe.
 */
final class LeasedUpdates<K, V> {

    /** Under the lease a run is disturbed only by plain writes of the same key. */
    private static final int MAX_ATTEMPTS = 1_000;

    private final CacheClient<K, V> client;
    private final EntryCodec<K, V> codec;
    private final @Nullable WriteThrough<K, V> writer;

    LeasedUpdates(CacheClient<K, V> client, @Nullable WriteThrough<K, V> writer) {
        this.client = client;
        this.codec = client.codec();
        this.writer = writer;
    }

    /**
     * Runs code on one entry. The future ends on {@code callerExecutor}, or where the session's do.
     *
     * @param code sees the entry's value, or null; may be run again when the entry was changed meanwhile
     * @param tally counts what was put and removed
     * @param callerExecutor runs the code, the writer and the policy, and waits for listeners
     */
    <R> CompletableFuture<R> run(
            K key, Function<@Nullable ObservedEntry<V>, EntryAction<V, R>> code, Tally tally, Executor callerExecutor) {
        return runAsync(key, seen -> CompletableFuture.completedFuture(code.apply(seen)), tally, callerExecutor);
    }

    /**
     * Runs code on one entry, if it exists first on what the nearest replica has, without a lease. That may be old, which the commit finds
     * out; the next attempts are under the lease.
     *
     * @param code as with {@link #run}, and without side effects
     */
    <R> CompletableFuture<R> runUnleasedFirst(
            K key, Function<@Nullable ObservedEntry<V>, EntryAction<V, R>> code, Tally tally, Executor callerExecutor) {
        return new Update<R>(key, seen -> CompletableFuture.completedFuture(code.apply(seen)), tally, callerExecutor)
                .attemptUnleased();
    }

    /** Runs asynchronous code on one entry. No thread waits for it; the lease bounds its time. */
    <R> CompletableFuture<R> runAsync(
            K key,
            Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code,
            Tally tally,
            Executor callerExecutor) {
        return new Update<R>(key, code, tally, callerExecutor).attempt();
    }

    /**
     * One update of one entry, in attempts of which each begins after the one before has ended. Used by the threads of one operation, one
     * after another.
     */
    private final class Update<R> {

        private final K key;
        private final Bytes keyBytes;
        private final Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code;
        private final Tally tally;
        private final Executor callerExecutor;
        private int attemptsLeft = MAX_ATTEMPTS;
        /**
         * Set once an earlier attempt has called the writer and could not store the value that the writer was given.
         */
        private boolean writerIsAhead;

        Update(
                K key,
                Function<@Nullable ObservedEntry<V>, ? extends CompletionStage<EntryAction<V, R>>> code,
                Tally tally,
                Executor callerExecutor) {
            this.key = key;
            this.keyBytes = codec.keyBytes(key);
            this.code = code;
            this.tally = tally;
            this.callerExecutor = callerExecutor;
        }

        CompletableFuture<R> attemptUnleased() {
            return client.observe(keyBytes)
                    .thenCompose(
                            found -> found.entry() == null ? attempt() : attempt(new LeaseGrant(LeaseId.NONE, found)));
        }

        CompletableFuture<R> attempt() {
            if (attemptsLeft == 0) {
                return CompletableFuture.failedFuture(
                        new CacheException("The entry was changed concurrently during each of " + MAX_ATTEMPTS
                                + " attempts; nothing was applied"));
            }
            attemptsLeft--;
            CompletableFuture<LeaseGrant> asked = client.lease(keyBytes);
            if (!asked.isDone()) {
                CallerThreadExecutor.whenLeft(callerExecutor, () -> asked.cancel(false));
            }
            return asked.thenCompose(this::attempt);
        }

        /** @param lease without an id when there is none */
        private CompletableFuture<R> attempt(LeaseGrant lease) {
            return CompletableFuture.completedFuture(lease)
                    .thenComposeAsync(this::evaluate, callerExecutor)
                    .whenComplete((outcome, failure) -> ended(lease, outcome, failure))
                    .thenCompose(this::resultOrNextAttempt);
        }

        /** Runs the code on what was read under the lease, and does what it decided. */
        private CompletableFuture<Attempt<R>> evaluate(LeaseGrant lease) {
            CompletableFuture<EntryAction<V, R>> action =
                    code.apply(observed(lease.found())).toCompletableFuture();
            return action.isDone()
                    ? action.thenCompose(decided -> commit(lease, decided))
                    : action.thenComposeAsync(decided -> commit(lease, decided), callerExecutor);
        }

        private CompletableFuture<Attempt<R>> commit(LeaseGrant lease, EntryAction<V, R> action) {
            Mutation mutation = mutation(keyBytes, lease.found(), action);
            if (mutation == null) {
                return client.release(keyBytes, lease.id(), lease.found().unchanged())
                        .thenApply(held -> new Attempt<>(held, false, action.result()));
            }
            boolean writerCalled = callWriter(key, action);
            return client.write(mutation, lease.id(), callerExecutor, result -> count(tally, action, result))
                    .whenComplete((result, failure) -> {
                        if (writerCalled && isUnknown(failure)) {
                            // The writer's store has it, and the cache may not: better that the cache has nothing.
                            client.invalidate(keyBytes);
                        }
                    })
                    .thenApply(result -> new Attempt<>(result.applied(), writerCalled, action.result()));
        }

        private void ended(LeaseGrant lease, @Nullable Attempt<R> outcome, @Nullable Throwable failure) {
            if (failure != null && !lease.id().isNone()) {
                client.abandon(keyBytes, lease.id());
            }
            if (writerIsAhead && (outcome == null || (outcome.committed() && !outcome.writerCalled()))) {
                // The writer's store has what the cache does not have: better that the cache has nothing.
                client.invalidate(keyBytes);
            }
        }

        private CompletableFuture<R> resultOrNextAttempt(Attempt<R> outcome) {
            if (outcome.committed()) {
                return CompletableFuture.completedFuture(outcome.result());
            }
            writerIsAhead |= outcome.writerCalled();
            return attempt();
        }
    }

    /**
     * The outcome of an attempt.
     *
     * @param committed whether the entry still was what the code saw, so that what it decided holds
     */
    private record Attempt<R>(
            boolean committed,
            boolean writerCalled,
            @Nullable R result) {}

    /** Returns whether a write was not applied, or not known to be; a listener fails only after it was. */
    private static boolean isUnknown(@Nullable Throwable failure) {
        return failure != null && Futures.cause(failure) instanceof RequestFailedException;
    }

    private @Nullable ObservedEntry<V> observed(ReadResult found) {
        return found.entry() == null ? null : new ObservedEntry<>(found.entry().value(), codec::value);
    }

    private static <V> void count(Tally tally, EntryAction<V, ?> action, MutationResult result) {
        if (result.applied() && action.action() == EntryAction.Action.PUT) {
            tally.put(result.changes() > 0);
        } else if (result.applied() && action.action() == EntryAction.Action.REMOVE) {
            tally.removed(result.existed());
        }
    }

    /** Calls the writer if the action is a change that it has to learn of, and returns whether it is. */
    private boolean callWriter(K key, EntryAction<V, ?> action) {
        if (writer == null) {
            return false;
        }
        if (action.action() == EntryAction.Action.PUT) {
            writer.write(new LockstepEntry<>(key, action.stored()));
            return true;
        } else if (action.action() == EntryAction.Action.REMOVE) {
            writer.delete(key);
            return true;
        }
        return false;
    }

    private @Nullable Mutation mutation(Bytes key, ReadResult found, EntryAction<V, ?> action) {
        Condition condition = action.certain() ? Condition.ANY : found.unchanged();
        return switch (action.action()) {
            case KEEP -> null;
            case ACCESS -> client.accesses().touch(key, condition);
            case REMOVE -> Mutation.remove(key, condition);
            case PUT, LOAD -> {
                Bytes value = codec.valueBytes(action.stored());
                yield Mutation.put(key, value, condition)
                        .living(action.lifetime() == null ? lifetime(found.entry()) : action.lifetime());
            }
        };
    }

    private Lifetime lifetime(@Nullable EntryRead before) {
        return before == null ? client.expiry().creation() : client.expiry().update();
    }

    /**
     * Runs code on many entries, under the leases of all. A conditional action whose condition does not hold any more is left out.
     *
     * @param code sees the entries that are there, and returns actions for some of the keys, having called the writer itself
     * @param tally counts what was put and removed
     * @param callerExecutor runs the code and the policy, and waits for listeners
     */
    <R> CompletableFuture<Void> all(
            Set<? extends K> keys,
            Function<Map<K, ObservedEntry<V>>, Map<K, EntryAction<V, R>>> code,
            Tally tally,
            Executor callerExecutor) {
        TreeMap<Bytes, K> ordered = new TreeMap<>();
        keys.forEach(key -> ordered.put(codec.keyBytes(key), key));
        return Leases.of(ordered.navigableKeySet(), client, callerExecutor)
                .thenCompose(leases -> CompletableFuture.completedFuture(leases)
                        .thenComposeAsync(
                                held -> evaluateAll(ordered, held, code, tally, callerExecutor), callerExecutor)
                        .whenComplete((none, failure) -> leases.release()));
    }

    private <R> CompletableFuture<Void> evaluateAll(
            Map<Bytes, K> ordered,
            Leases leases,
            Function<Map<K, ObservedEntry<V>>, Map<K, EntryAction<V, R>>> code,
            Tally tally,
            Executor callerExecutor) {
        Map<K, ObservedEntry<V>> seen = new HashMap<>();
        ordered.forEach((bytes, key) -> {
            ObservedEntry<V> entry = observed(leases.of(bytes).found());
            if (entry != null) {
                seen.put(key, entry);
            }
        });
        Map<K, EntryAction<V, R>> actions = code.apply(seen);
        List<Mutation> mutations = new ArrayList<>();
        ordered.forEach((bytes, key) -> {
            EntryAction<V, R> action = actions.get(key);
            Mutation mutation =
                    action == null ? null : mutation(bytes, leases.of(bytes).found(), action);
            if (mutation != null) {
                mutations.add(mutation);
            }
        });
        if (mutations.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return client.writeAll(
                        mutations,
                        callerExecutor,
                        (bytes, result) ->
                                count(tally, Objects.requireNonNull(actions.get(ordered.get(bytes))), result))
                .whenComplete((results, failure) -> {
                    if (writer != null
                            && failure != null
                            && Futures.cause(failure) instanceof PartialWriteException partial) {
                        partial.failures().keySet().forEach(client::invalidate);
                    }
                })
                .thenAccept(results -> {});
    }
}
