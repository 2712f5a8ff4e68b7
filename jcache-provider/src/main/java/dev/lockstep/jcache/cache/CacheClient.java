package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.Version;
import dev.lockstep.jcache.Versioned;
import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.PositionVector;
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
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
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
 * One cache of a session, in terms of objects: marshals, waits for the synchronous listeners after a write, and notes reads
 * where the expiry asks for it. What runs code of the application does so on the executor that is given with each operation,
 * never on a thread of the session's. Thread-safe.
 */
final class CacheClient<K, V> {

    private static final Duration SOON = Duration.ofMillis(50);
    private static final int PAGE = 1_000;

    private final Session session;
    private final CacheInfo info;
    private final Marshaller keys;
    private final Marshaller values;
    private final Expiry expiry;
    private final Consistency consistency;
    private final Listeners<K, V> listeners;
    private final Runnable onDestroyed;

    /**
     * @param consistency of reads
     * @param onDestroyed told, on any thread, when the cluster says that it has the cache no more
     */
    CacheClient(
            Session session,
            CacheInfo info,
            Marshaller keys,
            Marshaller values,
            Expiry expiry,
            Consistency consistency,
            Listeners<K, V> listeners,
            Runnable onDestroyed) {
        this.session = session;
        this.info = info;
        this.keys = keys;
        this.values = values;
        this.expiry = expiry;
        this.consistency = consistency;
        this.listeners = listeners;
        this.onDestroyed = onDestroyed;
    }

    /** The same with strong reads. */
    CacheClient<K, V> strong() {
        return new CacheClient<>(session, info, keys, values, expiry, Consistency.STRONG, listeners, onDestroyed);
    }

    Expiry expiry() {
        return expiry;
    }

    Bytes keyBytes(K key) {
        return keys.writeKey(key);
    }

    @SuppressWarnings("unchecked")
    K key(Bytes bytes) {
        return (K) keys.read(bytes);
    }

    Bytes valueBytes(V value) {
        return values.write(value);
    }

    @SuppressWarnings("unchecked")
    V value(Bytes bytes) {
        return (V) values.read(bytes);
    }

    /** Whether equal values certainly have equal bytes. */
    boolean isComparedByBytes(V value) {
        return keys.isImmutable(value);
    }

    /** By when the cluster has answered, retries included. */
    Duration timeout() {
        return session.timeout();
    }

    private <T> T await(CompletableFuture<T> future) {
        return FutureResults.result(future, session.timeout());
    }

    /** The same; before it is told that there is no such cache, the cache is. */
    private <T> CompletableFuture<T> noting(CompletableFuture<T> future) {
        return future.whenComplete((result, failure) -> {
            if (failure != null && FutureResults.isDestroyed(Session.unwrap(failure))) {
                onDestroyed.run();
            }
        });
    }

    // Reads

    /** What a replica in this JVM says without being waited for; null when the cluster has to be asked. */
    @Nullable
    LocalEntry local(Bytes key) {
        return consistency == Consistency.SESSION ? session.getLocal(info.id(), key) : null;
    }

    /** A value of an immutable type is decoded once for all who read it from this replica. */
    @SuppressWarnings("unchecked")
    V decoded(LocalEntry local) {
        Object shared = local.decoded();
        if (shared == null) {
            shared = value(local.value());
            if (values.isImmutable(shared)) {
                local.decoded(shared);
            }
        }
        return (V) shared;
    }

    /**
     * Reads from the cluster.
     *
     * @param user decodes, and asks the expiry policy
     */
    CompletableFuture<@Nullable V> get(Bytes key, Executor user) {
        return noting(session.get(info.id(), key, consistency))
                .thenComposeAsync(
                        found -> {
                            EntryRead entry = found.entry();
                            return entry == null
                                    ? CompletableFuture.completedFuture(null)
                                    : noted(value(entry.value()), touched(key, entry.version()), user);
                        },
                        user);
    }

    /** The value, once it is noted that it was read. */
    CompletableFuture<V> noted(V value, @Nullable Mutation touch, Executor user) {
        return touch == null
                ? CompletableFuture.completedFuture(value)
                : write(touch, LeaseId.NONE, user, result -> {}).thenApply(result -> value);
    }

    /** Reads without noting it. */
    Map<Bytes, EntryRead> read(Collection<Bytes> wanted) {
        return await(noting(session.getAll(info.id(), wanted, true, consistency)));
    }

    /** @param user decodes, and asks the expiry policy */
    CompletableFuture<Map<K, V>> getAll(Collection<? extends K> wanted, Executor user) {
        Map<Bytes, K> byBytes = new LinkedHashMap<>();
        wanted.forEach(key -> byBytes.put(keyBytes(key), key));
        return noting(session.getAll(info.id(), byBytes.keySet(), true, consistency))
                .thenComposeAsync(
                        entries -> {
                            Map<K, V> found = new HashMap<>();
                            entries.forEach((key, entry) -> found.put(byBytes.get(key), value(entry.value())));
                            List<Mutation> touches = touches(entries);
                            return touches.isEmpty()
                                    ? CompletableFuture.completedFuture(found)
                                    : writeAll(touches, user, (key, result) -> {})
                                            .thenApply(results -> found);
                        },
                        user);
    }

    /** An entry and its version, or since when it is certainly absent; without noting that it was read. */
    Versioned<V> readVersioned(Bytes key) {
        ReadResult found = await(noting(session.get(info.id(), key, consistency)));
        EntryRead entry = found.entry();
        return entry == null
                ? new Versioned<>(null, Version.absentSince(found.lastVersion()))
                : new Versioned<>(value(entry.value()), Version.of(entry.version()));
    }

    PositionVector moment() {
        return session.moment();
    }

    long lastVersionAt(PositionVector moment, Bytes key) {
        return session.lastVersionAt(moment, info.id(), key);
    }

    CompletableFuture<Boolean> contains(K key) {
        return noting(session.getAll(info.id(), List.of(keyBytes(key)), false, consistency))
                .thenApply(found -> !found.isEmpty());
    }

    /** Notes the read of an entry, and waits for it. */
    void touch(Bytes key, long version) {
        Mutation touch = touched(key, version);
        if (touch != null) {
            CallerThreadExecutor.run(timeout(), user -> write(touch, LeaseId.NONE, user, result -> {}));
        }
    }

    private List<Mutation> touches(Map<Bytes, EntryRead> entries) {
        List<Mutation> touches = new ArrayList<>();
        entries.forEach((key, entry) -> {
            Mutation touch = touched(key, entry.version());
            if (touch != null) {
                touches.add(touch);
            }
        });
        return touches;
    }

    /** What notes the read of an entry; null when there is no need to. */
    @Nullable
    Mutation touched(Bytes key, long version) {
        Lifetime lifetime = lifetimeAfterAccess();
        if (lifetime.equals(Lifetime.UNCHANGED)) {
            return null;
        }
        return Mutation.touch(key, expiry.isCustom() ? new Condition.VersionIs(version) : Condition.ANY, lifetime);
    }

    /** Whether it may have to be noted that an entry was read. */
    boolean notesReads() {
        return expiry.isCustom() || info.definition().expiry().isAccessBased();
    }

    /** {@link Lifetime#UNCHANGED} when a read has not to be noted. */
    Lifetime lifetimeAfterAccess() {
        return notesReads() ? expiry.access() : Lifetime.UNCHANGED;
    }

    /** The next page of keys of a shard; the last key of a page that is not complete is where the next one begins. */
    Reply.Keys keys(int shard, @Nullable Bytes after) {
        return await(noting(session.scan(info.id(), shard, after, PAGE, consistency)));
    }

    int shards() {
        return session.shards();
    }

    long size() {
        return await(noting(session.size(info.id(), consistency)));
    }

    // Writes

    /**
     * Applies a mutation and waits for the listeners.
     *
     * @param user told what came of it, after the listeners, of which one may have failed
     */
    CompletableFuture<MutationResult> write(
            Mutation mutation, LeaseId lease, Executor user, Consumer<MutationResult> committed) {
        return noting(session.write(info.id(), mutation, lease))
                .thenApplyAsync(
                        written -> {
                            MutationResult result = written.result();
                            if (mutation.value() != null && !(result.applied() && result.changes() > 0)) {
                                values.discard(mutation.value());
                            }
                            try {
                                if (result.changes() > 0) {
                                    listeners.await(written.shard(), written.position(), mutation.key());
                                }
                            } finally {
                                committed.accept(result);
                            }
                            return result;
                        },
                        user);
    }

    /**
     * Applies all, waits for the listeners of all that were applied, then reports what could not be applied, or else the first
     * listener that failed.
     *
     * @param user told what came of each, after the listeners, of which some may have failed
     */
    CompletableFuture<Map<Bytes, MutationResult>> writeAll(
            Collection<Mutation> mutations, Executor user, BiConsumer<Bytes, MutationResult> committed) {
        return noting(session.writeAll(info.id(), mutations))
                .handleAsync(
                        (all, failure) -> {
                            Throwable cause = failure == null ? null : Session.unwrap(failure);
                            Map<Bytes, WriteResult> written =
                                    cause instanceof PartialWriteException partial ? partial.results() : all;
                            RuntimeException unheard = written == null ? null : heard(written, committed);
                            if (cause != null) {
                                throw new CompletionException(cause);
                            }
                            if (unheard != null) {
                                throw unheard;
                            }
                            Map<Bytes, MutationResult> results = new LinkedHashMap<>();
                            all.forEach((key, one) -> results.put(key, one.result()));
                            return results;
                        },
                        user);
    }

    /** The first failure of a listener, or null. */
    private @Nullable RuntimeException heard(
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
        await(noting(session.clear(info.id())));
    }

    /** Removes an entry of which it is not known what it holds, without waiting. */
    void invalidate(Bytes key) {
        session.write(info.id(), Mutation.remove(key, Condition.ANY), LeaseId.NONE);
    }

    // Leases

    /** To cancel it is to give up waiting. */
    CompletableFuture<LeaseGrant> lease(Bytes key) {
        return asked(key, session.readForUpdate(info.id(), key));
    }

    /** Likewise; fails as {@link Status#LEASE_TIMEOUT} if it is not free soon. */
    CompletableFuture<LeaseGrant> leaseIfFree(Bytes key) {
        return asked(key, session.readForUpdate(info.id(), key, SOON));
    }

    private CompletableFuture<LeaseGrant> asked(Bytes key, CompletableFuture<LeaseGrant> lease) {
        CompletableFuture<LeaseGrant> noted = noting(lease);
        noted.whenComplete((held, failure) -> {
            if (noted.isCancelled() && !lease.cancel(false)) {
                // It was granted at this moment.
                lease.thenAccept(granted -> abandon(key, granted.id()));
            }
        });
        return noted;
    }

    CompletableFuture<Boolean> release(Bytes key, LeaseId lease, Condition condition) {
        return noting(session.release(info.id(), key, lease, condition));
    }

    /** Keeps no lease that an operation was given and has not come to use. */
    void forgetLeases() {
        session.forgetLeases(info.id());
    }

    /** Gives a lease back without waiting: should that fail, it ends since it is not renewed. */
    void abandon(Bytes key, LeaseId lease) {
        session.release(info.id(), key, lease, Condition.ANY);
    }
}
