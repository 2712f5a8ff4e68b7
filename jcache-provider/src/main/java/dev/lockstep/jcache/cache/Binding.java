package dev.lockstep.jcache.cache;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.protocol.routing.HeldLease;
import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One cache of a session, in terms of objects: marshals, waits, and notes reads where the expiry rule asks for it.
 * Thread-safe.
 */
final class Binding<K, V> {

    private static final Duration HOLD = Duration.ofMinutes(1);
    private static final int PAGE = 1_000;

    private final Session session;
    private final CacheInfo info;
    private final Marshaller marshaller;

    Binding(Session session, CacheInfo info, Marshaller marshaller) {
        this.session = session;
        this.info = info;
        this.marshaller = marshaller;
    }

    Bytes bytes(Object object) {
        return marshaller.write(object);
    }

    @SuppressWarnings("unchecked")
    V value(Bytes bytes) {
        return (V) marshaller.read(bytes);
    }

    @SuppressWarnings("unchecked")
    K key(Bytes bytes) {
        return (K) marshaller.read(bytes);
    }

    <T> T await(CompletableFuture<T> future) {
        return Await.result(future, session.timeout());
    }

    @Nullable
    V get(K key) {
        Bytes keyBytes = bytes(key);
        LocalEntry local = session.getLocal(info.id(), keyBytes);
        V value;
        if (local != null) {
            value = local == LocalEntry.ABSENT ? null : decoded(local);
        } else {
            EntryRead entry = await(
                            session.get(info.id(), keyBytes, info.definition().consistency()))
                    .entry();
            value = entry == null ? null : value(entry.value());
        }
        if (value != null) {
            touch(List.of(keyBytes));
        }
        return value;
    }

    /** A value of an immutable type is decoded once for all who read it from this replica. */
    @SuppressWarnings("unchecked")
    private V decoded(LocalEntry local) {
        Object shared = local.decoded();
        if (shared == null) {
            shared = value(local.value());
            if (marshaller.isImmutable(shared)) {
                local.decoded(shared);
            }
        }
        return (V) shared;
    }

    Map<K, V> getAll(Collection<? extends K> keys) {
        Map<Bytes, K> byBytes = new HashMap<>();
        keys.forEach(key -> byBytes.put(bytes(key), key));
        Map<K, V> found = new HashMap<>();
        await(session.getAll(
                        info.id(), byBytes.keySet(), true, info.definition().consistency()))
                .forEach((key, entry) -> found.put(byBytes.get(key), value(entry.value())));
        touch(found.keySet().stream().map(this::bytes).toList());
        return found;
    }

    boolean contains(K key) {
        return !await(session.getAll(
                        info.id(), List.of(bytes(key)), false, info.definition().consistency()))
                .isEmpty();
    }

    private void touch(Collection<Bytes> keys) {
        if (info.definition().expiry().isAccessBased() && !keys.isEmpty()) {
            await(session.writeAll(
                    info.id(),
                    keys.stream()
                            .map(key -> Mutation.touch(key, Condition.ANY, Lifetime.BY_RULE))
                            .toList()));
        }
    }

    MutationResult write(Mutation mutation) {
        return write(mutation, LeaseId.NONE);
    }

    MutationResult write(Mutation mutation, LeaseId lease) {
        return await(session.write(info.id(), mutation, lease)).result();
    }

    Map<Bytes, MutationResult> writeAll(Collection<Mutation> mutations) {
        Map<Bytes, MutationResult> results = new LinkedHashMap<>();
        await(session.writeAll(info.id(), mutations)).forEach((key, result) -> results.put(key, result.result()));
        return results;
    }

    void clear() {
        await(session.clear(info.id()));
    }

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

    /** The next page of keys of a shard; the last key of a page that is not complete is where the next one begins. */
    Reply.Keys keys(int shard, @Nullable Bytes after) {
        return await(
                session.scan(info.id(), shard, after, PAGE, info.definition().consistency()));
    }

    int shards() {
        return session.shards();
    }
}
