package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.ShardStores;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.time.Duration;

/** The parts of a node that all of its shard replicas share. */
public record ShardContext(
        Consensus consensus,
        ShardStores stores,
        CacheCatalog caches,
        ReadIndexRounds rounds,
        MemberClocks clocks,
        CapacityShares shares,
        NodeMemory memory,
        SlowRequests slow,
        RemovalObserver removals,
        Time time,
        EventLoop loop,
        Limits limits) {

    /**
     * The bounds of one replica.
     *
     * @param maxStaleness how long a replica out of touch with its leader answers session reads
     * @param maxWaiting commands that may be queued before the next is refused as busy
     * @param changesBytes of the last changes that are kept for subscribers
     */
    public record Limits(Duration maxStaleness, int maxWaiting, long changesBytes) {}
}
