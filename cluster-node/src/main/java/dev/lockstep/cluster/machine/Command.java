package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.RequestId;
import java.util.List;

/** A command in a shard's log. Immutable, lists included: the leader applies the object that it proposed. */
public sealed interface Command {

    /**
     * The cache exists, with this definition. Proposed by the leader in front of the first command that needs it, and again when the
     * definition was altered.
     */
    record Define(CacheInfo info) implements Command {}

    /** The cache exists no more. */
    record Drop(int cacheId) implements Command {}

    /** A client's mutations, applied once for each request id. */
    record Write(int cacheId, RequestId id, List<Mutation> mutations) implements Command {

        public Write {
            mutations = List.copyOf(mutations);
        }
    }

    /** A client's wish to empty a cache, applied once for each request id. */
    record Clear(int cacheId, RequestId id) implements Command {}

    /** Remove what is due by log time; at most {@link ShardMachine#MAX_EXPIRED_PER_TICK} entries. */
    record Tick() implements Command {}

    /** Remove these entries if they have not changed since they were chosen. */
    record Evict(int cacheId, List<Victim> victims) implements Command {

        /** @param version at which it was chosen */
        public record Victim(Bytes key, long version) {}

        public Evict {
            victims = List.copyOf(victims);
        }
    }
}
