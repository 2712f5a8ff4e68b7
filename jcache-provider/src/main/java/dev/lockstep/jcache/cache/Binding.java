package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.event.Listeners;
import dev.lockstep.jcache.expiry.Expiry;
import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.protocol.routing.HeldLease;
import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.routing.WriteResult;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import javax.cache.event.CacheEntryListenerException;
import org.jspecify.annotations.Nullable;

/**
 * One cache of a session, in terms of objects: marshals, waits for the cluster and then for the synchronous listeners, and
 * notes reads where the expiry asks for it. Thread-safe.
 */
final class Binding<K, V> {

    private static final Duration HOLD = Duration.ofMinutes(1);
    private static final int PAGE = 1_000;

    private final Session session;
    private final CacheInfo info;
    private final Marshaller keys;
    private final Marshaller values;
    private final Expiry expiry;
    private final Consistency consistency;
    private final Listeners<K, V> listeners;

    /** @param consistency of reads */
    Binding(
            Session session,
            CacheInfo info,
            Marshaller keys,
            Marshaller values,
            Expiry expiry,
            Consistency consistency,
            Listeners<K, V> listeners) {
        this.session = session;
        this.info = info;
        this.keys = keys;
        this.values = values;
        this.expiry = expiry;
        this.consistency = consistency;
        this.listeners = listeners;
    }

    /** The same with strong reads. */
    Binding<K, V> strong() {
        return new Binding<>(session, info, keys, values, expiry, Consistency.STRONG, listeners);
    }

    Expiry expiry() {
        return expiry;
    }

    Bytes keyBytes(K key) {
        return keys.write(key);
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

    private <T> T await(CompletableFuture<T> future) {
        return Await.result(future, session.timeout());
    }

    // Reads

    @Nullable
    V get(K key) {
        Bytes keyBytes = keyBytes(key);
        LocalEntry local = consistency == Consistency.SESSION ? session.getLocal(info.id(), keyBytes) : null;
        if (local != null) {
            if (local == LocalEntry.ABSENT) {
                return null;
            }
            V value = decoded(local);
            touch(keyBytes, local.version());
            return value;
        }
        EntryRead entry = await(session.get(info.id(), keyBytes, consistency)).entry();
        if (entry == null) {
            return null;
        }
        touch(keyBytes, entry.version());
        return value(entry.value());
    }

    /** A value of an immutable type is decoded once for all who read it from this replica. */
    @SuppressWarnings("unchecked")
    private V decoded(LocalEntry local) {
        Object shared = local.decoded();
        if (shared == null) {
            shared = value(local.value());
            if (values.isImmutable(shared)) {
                local.decoded(shared);
            }
        }
        return (V) shared;
    }

    /** Reads without noting it. */
    Map<Bytes, EntryRead> read(Collection<Bytes> wanted) {
        return await(session.getAll(info.id(), wanted, true, consistency));
    }

    Map<K, V> getAll(Collection<? extends K> wanted) {
        Map<Bytes, K> byBytes = new LinkedHashMap<>();
        wanted.forEach(key -> byBytes.put(keyBytes(key), key));
        Map<K, V> found = new HashMap<>();
        Map<Bytes, EntryRead> entries = read(byBytes.keySet());
        entries.forEach((key, entry) -> found.put(byBytes.get(key), value(entry.value())));
        touchAll(entries);
        return found;
    }

    boolean contains(K key) {
        return !await(session.getAll(info.id(), List.of(keyBytes(key)), false, consistency))
                .isEmpty();
    }

    /** Notes the read of an entry. */
    void touch(Bytes key, long version) {
        Mutation touch = touched(key, version);
        if (touch != null) {
            write(touch);
        }
    }

    private void touchAll(Map<Bytes, EntryRead> entries) {
        List<Mutation> touches = new ArrayList<>();
        entries.forEach((key, entry) -> {
            Mutation touch = touched(key, entry.version());
            if (touch != null) {
                touches.add(touch);
            }
        });
        if (!touches.isEmpty()) {
            writeAll(touches);
        }
    }

    private @Nullable Mutation touched(Bytes key, long version) {
        Lifetime lifetime = lifetimeAfterAccess();
        if (lifetime.equals(Lifetime.UNCHANGED)) {
            return null;
        }
        return Mutation.touch(key, expiry.isCustom() ? new Condition.VersionIs(version) : Condition.ANY, lifetime);
    }

    /** {@link Lifetime#UNCHANGED} when a read has not to be noted. */
    Lifetime lifetimeAfterAccess() {
        return expiry.isCustom() || info.definition().expiry().isAccessBased() ? expiry.access() : Lifetime.UNCHANGED;
    }

    /** The next page of keys of a shard; the last key of a page that is not complete is where the next one begins. */
    Reply.Keys keys(int shard, @Nullable Bytes after) {
        return await(session.scan(info.id(), shard, after, PAGE, consistency));
    }

    int shards() {
        return session.shards();
    }

    long size() {
        return await(session.size(info.id(), consistency));
    }

    // Writes

    MutationResult write(Mutation mutation) {
        return write(mutation, LeaseId.NONE, result -> {});
    }

    /** @param committed told what came of it before listeners are waited for, of which one may fail */
    MutationResult write(Mutation mutation, LeaseId lease, Consumer<MutationResult> committed) {
        WriteResult written = await(session.write(info.id(), mutation, lease));
        MutationResult result = written.result();
        if (mutation.value() != null && !(result.applied() && result.changes() > 0)) {
            values.discard(mutation.value());
        }
        committed.accept(result);
        if (result.changes() > 0) {
            listeners.await(written.shard(), written.position(), mutation.key());
        }
        return result;
    }

    /** Writes all, waits for the listeners of all, then reports the first listener that failed. */
    Map<Bytes, MutationResult> writeAll(Collection<Mutation> mutations) {
        Map<Bytes, MutationResult> results = new LinkedHashMap<>();
        CacheEntryListenerException failed = null;
        for (Map.Entry<Bytes, WriteResult> one :
                await(session.writeAll(info.id(), mutations)).entrySet()) {
            WriteResult written = one.getValue();
            results.put(one.getKey(), written.result());
            try {
                if (written.result().changes() > 0) {
                    listeners.await(written.shard(), written.position(), one.getKey());
                }
            } catch (CacheEntryListenerException failure) {
                failed = failed == null ? failure : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        return results;
    }

    void clear() {
        await(session.clear(info.id()));
    }

    /** Removes an entry of which it is not known what it holds, without waiting. */
    void invalidate(Bytes key) {
        session.write(info.id(), Mutation.remove(key, Condition.ANY), LeaseId.NONE);
    }

    // Leases

    HeldLease lease(Bytes key) {
        return await(session.readForUpdate(info.id(), key, HOLD));
    }

    boolean release(Bytes key, LeaseId lease, Condition condition) {
        return await(session.release(info.id(), key, lease, condition));
    }

    /** Gives a lease back without waiting: should that fail, it ends by time. */
    void abandon(Bytes key, LeaseId lease) {
        session.release(info.id(), key, lease, Condition.ANY);
    }
}
