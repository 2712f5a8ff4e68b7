package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides on the leader of a shard, before it proposes a write, whether the nodes that host the shard have memory for it. What
 * removes entries or
 * makes them smaller always passes. Thread-safe.
 */
final class WriteAdmission {

    private static final long RETRY_MILLIS = 10;

    private final ReplicaState state;
    private final NodeMemory memory;
    private final Supplier<? extends Collection<NodeId>> hosts;
    private final BooleanSupplier hasStatus;

    /**
     * @param hosts of the shard
     * @param hasStatus whether all who ask know {@link Status#FULL}
     */
    WriteAdmission(
            ReplicaState state,
            NodeMemory memory,
            Supplier<? extends Collection<NodeId>> hosts,
            BooleanSupplier hasStatus) {
        this.state = state;
        this.memory = memory;
        this.hosts = hosts;
        this.hasStatus = hasStatus;
    }

    /** Returns the bytes that the entries which mutations store will take. */
    static long bytes(List<Mutation> mutations) {
        long bytes = 0;
        for (Mutation mutation : mutations) {
            if (mutation.value() != null) {
                bytes += CacheDefinition.entryBytes(mutation.key(), mutation.value());
            }
        }
        return bytes;
    }

    /**
     * Refuses a write that has no room.
     *
     * @param cache null if it is not known here
     * @param bytes that its entries will take
     */
    Reply.@Nullable Refused refusal(@Nullable CacheInfo cache, int cacheId, List<Mutation> mutations, long bytes) {
        if (bytes == 0) {
            return null;
        }
        Collection<NodeId> now = hosts.get();
        if (memory.room(now, bytes, bytes) == NodeMemory.Room.FREE) {
            return null;
        }
        NodeMemory.Room room = memory.room(now, growth(cacheId, mutations), bytes);
        if (room == NodeMemory.Room.FREE) {
            return null;
        }
        if (room == NodeMemory.Room.SOON || givesWay(cache, cacheId)) {
            return new Reply.Refused(
                    Status.BUSY, "The memory for entries is taken up for a moment", RETRY_MILLIS, null);
        }
        return Reply.Refused.of(hasStatus.getAsBoolean() ? Status.FULL : Status.INVALID, memory.full(now));
    }

    private long growth(int cacheId, List<Mutation> mutations) {
        long growth = bytes(mutations);
        for (Mutation mutation : mutations) {
            StoredEntry old = mutation.value() == null ? null : state.entry(cacheId, mutation.key());
            growth -= old == null ? 0 : CacheDefinition.entryBytes(mutation.key(), old.value());
        }
        return growth;
    }

    /** Tells whether the cache has entries that are about to be evicted. */
    private boolean givesWay(@Nullable CacheInfo cache, int cacheId) {
        return cache != null && cache.definition().isBounded() && state.store().count(cacheId) > 0;
    }
}
