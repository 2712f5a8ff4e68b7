package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.PositionVector;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.session.ReadResult;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The client of one cache: sends its requests through a session, waits for the synchronous listeners after a write, and records reads where
 * the expiry demands it. Application code runs on the executor that is given with each operation, never on a thread of the session's.
 * Thread-safe.
 */
final class CacheClient<K, V> {

    private static final Duration SOON = Duration.ofMillis(50);
    private static final int PAGE = 1_000;

    private final Session session;
    private final CacheInfo info;
    private final EntryCodec<K, V> codec;
    private final Expiry expiry;
    private final AccessRecorder accesses;
    private final Consistency consistency;
    private final Listeners<K, V> listeners;
    private final Runnable onDestroyed;

    /**
     * @param consistency of reads
     * @param onDestroyed called, on any thread, when the cluster reports that the cache does not exist any more
     */
    CacheClient(
            Session session,
            CacheInfo info,
            EntryCodec<K, V> codec,
            Expiry expiry,
            Consistency consistency,
            Listeners<K, V> listeners,
            Runnable onDestroyed) {
        this.session = session;
        this.info = info;
        this.codec = codec;
        this.expiry = expiry;
        this.accesses = new AccessRecorder(expiry, info.definition().expiry());
        this.consistency = consistency;
        this.listeners = listeners;
        this.onDestroyed = onDestroyed;
    }

    /** Returns the same client with strong reads. */
    CacheClient<K, V> strong() {
        return new CacheClient<>(session, info, codec, expiry, Consistency.STRONG, listeners, onDestroyed);
    }

    Expiry expiry() {
        return expiry;
    }

    EntryCodec<K, V> codec() {
        return codec;
    }

    AccessRecorder accesses() {
        return accesses;
    }

    /** Returns the deadline of each request, retries included. */
    Duration timeout() {
        return session.timeout();
    }

    private <T> T await(CompletableFuture<T> future) {
        return FutureResults.result(future, session.timeout());
    }

    /** Closes the cache before its caller learns that the cluster does not have it any more. */
    private <T> CompletableFuture<T> watched(CompletableFuture<T> future) {
        return Futures.isSuccess(future)
                ? future
                : future.whenComplete((result, failure) -> {
                    if (failure != null && FutureResults.isDestroyed(Futures.cause(failure))) {
                        onDestroyed.run();
                    }
                });
    }

    // Reads

    /** Reads from a replica in this JVM without waiting; null when the cluster has to be asked. */
    @Nullable
    LocalEntry local(Bytes key) {
        return consistency == Consistency.SESSION ? session.getLocal(info.id(), key) : null;
    }

    /**
     * Reads from the cluster.
     *
     * @param callerExecutor decodes, and asks the expiry policy
     */
    CompletableFuture<@Nullable V> get(Bytes key, Executor callerExecutor) {
        return watched(session.get(info.id(), key, consistency))
                .thenComposeAsync(
                        found -> {
                            EntryRead entry = found.entry();
                            return entry == null
                                    ? CompletableFuture.completedFuture(null)
                                    : recorded(
                                            codec.value(entry.value()),
                                            accesses.touch(key, entry.version()),
                                            callerExecutor);
                        },
                        callerExecutor);
    }

    /** Returns the value once the touch that records its read, if any, was written. */
    CompletableFuture<V> recorded(V value, @Nullable Mutation touch, Executor callerExecutor) {
        return touch == null
                ? CompletableFuture.completedFuture(value)
                : write(touch, LeaseId.NONE, callerExecutor, result -> {}).thenApply(result -> value);
    }

    /** Reads an entry from the nearest replica, where it may be old, without recording that. */
    CompletableFuture<ReadResult> observe(Bytes key) {
        return watched(session.get(info.id(), key, Consistency.SESSION));
    }

    /** Reads entries without recording that. */
    Map<Bytes, EntryRead> read(Collection<Bytes> wanted) {
        return await(watched(session.getAll(info.id(), wanted, true, consistency)));
    }

    /** @param callerExecutor decodes, and asks the expiry policy */
    CompletableFuture<Map<K, V>> getAll(Collection<? extends K> wanted, Executor callerExecutor) {
        Map<Bytes, K> byBytes = new LinkedHashMap<>();
        wanted.forEach(key -> byBytes.put(codec.keyBytes(key), key));
        return watched(session.getAll(info.id(), byBytes.keySet(), true, consistency))
                .thenComposeAsync(
                        entries -> {
                            Map<K, V> found = new HashMap<>();
                            entries.forEach((key, entry) -> found.put(byBytes.get(key), codec.value(entry.value())));
                            List<Mutation> touches = accesses.touches(entries);
                            return touches.isEmpty()
                                    ? CompletableFuture.completedFuture(found)
                                    : writeAll(touches, callerExecutor, (key, result) -> {})
                                            .thenApply(results -> found);
                        },
                        callerExecutor);
    }

    /** Reads an entry with its version, or since when it is certainly absent, without recording that. */
    Versioned<V> readVersioned(Bytes key) {
        ReadResult found = await(watched(session.get(info.id(), key, consistency)));
        EntryRead entry = found.entry();
        return entry == null
                ? new Versioned<>(null, Version.absentSince(found.lastVersion()))
                : new Versioned<>(codec.value(entry.value()), Version.of(entry.version()));
    }

    PositionVector moment() {
        return session.moment();
    }

    long lastVersionAt(PositionVector moment, Bytes key) {
        return session.lastVersionAt(moment, info.id(), key);
    }

    CompletableFuture<Boolean> contains(K key) {
        return watched(session.getAll(info.id(), List.of(codec.keyBytes(key)), false, consistency))
                .thenApply(found -> !found.isEmpty());
    }

    /** Records the read of an entry, and waits until that is written. */
    void recordRead(Bytes key, long version) {
        Mutation touch = accesses.touch(key, version);
        if (touch != null) {
            CallerThreadExecutor.run(
                    timeout(), callerExecutor -> write(touch, LeaseId.NONE, callerExecutor, result -> {}));
        }
    }

    /** Reads the next page of keys of a shard; the next one begins after the last key of a page that is not complete. */
    Reply.Keys keys(int shard, @Nullable Bytes after) {
        return await(watched(session.scan(info.id(), shard, after, PAGE, consistency)));
    }

    int shards() {
        return session.shards();
    }

    /** Counts the entries in all shards. */
    CompletableFuture<Long> countEntries() {
        return watched(session.size(info.id(), consistency));
    }

    long size() {
        return await(countEntries());
    }

    // Writes

    /**
     * Applies a mutation and waits for the synchronous listeners.
     *
     * @param callerExecutor waits for the listeners, and calls {@code committed}
     * @param committed takes the result, also if a listener failed
     */
    CompletableFuture<MutationResult> write(
            Mutation mutation, LeaseId lease, Executor callerExecutor, Consumer<MutationResult> committed) {
        CompletableFuture<WriteResult> write = watched(session.write(info.id(), mutation, lease));
        if (Futures.isSuccess(write) && !listeners.areAwaited()) {
            MutationResult result = write.join().result();
            discardUnused(mutation, result);
            committed.accept(result);
            return CompletableFuture.completedFuture(result);
        }
        return write.thenApplyAsync(
                written -> {
                    MutationResult result = written.result();
                    discardUnused(mutation, result);
                    try {
                        if (result.changes() > 0) {
                            listeners.await(written.shard(), written.position(), mutation.key());
                        }
                    } finally {
                        committed.accept(result);
                    }
                    return result;
                },
                callerExecutor);
    }

    private void discardUnused(Mutation mutation, MutationResult result) {
        if (mutation.value() != null && !(result.applied() && result.changes() > 0)) {
            codec.discard(mutation.value());
        }
    }

    /**
     * Applies all, waits for the listeners of all that were applied, then reports what could not be applied, or else the first
     * listener that failed.
     *
     * @param callerExecutor waits for the listeners, and calls {@code committed}
     * @param committed takes the result of each, also if a listener failed
     */
    CompletableFuture<Map<Bytes, MutationResult>> writeAll(
            Collection<Mutation> mutations, Executor callerExecutor, BiConsumer<Bytes, MutationResult> committed) {
        return watched(session.writeAll(info.id(), mutations))
                .handleAsync(
                        (all, failure) -> {
                            Throwable cause = failure == null ? null : Futures.cause(failure);
                            Map<Bytes, WriteResult> written =
                                    cause instanceof PartialWriteException partial ? partial.results() : all;
                            RuntimeException listenerFailure =
                                    written == null ? null : awaitListeners(written, committed);
                            if (cause != null) {
                                throw new CompletionException(cause);
                            }
                            if (listenerFailure != null) {
                                throw listenerFailure;
                            }
                            Map<Bytes, MutationResult> results = new LinkedHashMap<>();
                            all.forEach((key, one) -> results.put(key, one.result()));
                            return results;
                        },
                        callerExecutor);
    }

    /** Waits for the listeners of all changes; returns the first failure of one, or null. */
    private @Nullable RuntimeException awaitListeners(
            Map<Bytes, WriteResult> written, BiConsumer<Bytes, MutationResult> committed) {
        RuntimeException failed = null;
        try {
            for (Map.Entry<Bytes, WriteResult> one : written.entrySet()) {
                try {
                    if (one.getValue().result().changes() > 0) {
                        listeners.await(one.getValue().shard(), one.getValue().position(), one.getKey());
                    }
                } catch (CacheException failure) {
                    failed = failed == null ? failure : failed;
                }
            }
        } finally {
            written.forEach((key, one) -> committed.accept(key, one.result()));
        }
        return failed;
    }

    void clear() {
        await(watched(session.clear(info.id())));
    }

    /** Removes an entry whose value is unknown, without waiting. */
    void invalidate(Bytes key) {
        session.write(info.id(), Mutation.remove(key, Condition.ANY), LeaseId.NONE);
    }

    // Leases

    /** Waits for the lease of an entry and reads the entry. Cancelling the future gives up waiting. */
    CompletableFuture<LeaseGrant> lease(Bytes key) {
        return asked(key, session.readForUpdate(info.id(), key));
    }

    /** Takes the lease of an entry, and fails as {@link Status#LEASE_TIMEOUT} if it is not free soon. */
    CompletableFuture<LeaseGrant> leaseIfFree(Bytes key) {
        return asked(key, session.readForUpdate(info.id(), key, SOON));
    }

    private CompletableFuture<LeaseGrant> asked(Bytes key, CompletableFuture<LeaseGrant> lease) {
        CompletableFuture<LeaseGrant> watched = watched(lease);
        if (Futures.isSuccess(watched)) {
            return watched;
        }
        watched.whenComplete((held, failure) -> {
            if (watched.isCancelled() && !lease.cancel(false)) {
                // It was granted at this moment.
                lease.thenAccept(granted -> abandon(key, granted.id()));
            }
        });
        return watched;
    }

    CompletableFuture<Boolean> release(Bytes key, LeaseId lease, Condition condition) {
        return watched(session.release(info.id(), key, lease, condition));
    }

    /** Stops renewing the leases of operations that have not ended. */
    void forgetLeases() {
        session.forgetLeases(info.id());
    }

    /** Releases a lease without waiting: should that fail, the lease expires because it is not renewed. */
    void abandon(Bytes key, LeaseId lease) {
        session.release(info.id(), key, lease, Condition.ANY);
    }
}
