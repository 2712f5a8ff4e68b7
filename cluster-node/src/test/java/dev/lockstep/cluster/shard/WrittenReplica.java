package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.cluster.testing.ManualReplicatedLog;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Versions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A real replica of a log whose entry at position n stores n under the one key; the first defines the cache. One thread applies,
 * any may read.
 */
final class WrittenReplica {

    /** The answer to a read that the replica can't serve. */
    static final long REFUSED = -1;

    private static final NodeId SELF = new NodeId("a");
    private static final Bytes KEY = Bytes.utf8("key");
    private static final int CACHE = 1;

    private final ManualEventLoop loop = new ManualEventLoop();
    private final ShardReplica replica;
    private LogMachine<?, ?> machine;
    private volatile long written;

    WrittenReplica() {
        Consensus consensus = new Consensus() {
            @Override
            public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> opened) {
                machine = opened;
                return new ManualReplicatedLog<>(SELF, Set.of(SELF));
            }

            @Override
            public void close() {}
        };
        ReadIndexRounds rounds = new ReadIndexRounds(SELF, (peer, request, answer) -> {}, loop, Duration.ofSeconds(1));
        replica = new ShardReplica(
                0,
                List.of(SELF),
                new ShardContext(
                        consensus,
                        HeapStore.FACTORY,
                        new NoCatalog(),
                        rounds,
                        AgreeingClocks.of(SELF, List.of(SELF), loop),
                        new CapacityShares(() -> 1),
                        AmpleMemory.of(SELF, loop),
                        SlowRequests.NONE,
                        RemovalObserver.NONE,
                        loop,
                        loop,
                        new ShardContext.Limits(Duration.ofSeconds(5), 10, ChangeWindow.MAX_BYTES)));
        applyNext();
    }

    void applyNext() {
        long position = written + 1;
        Bytes value = Bytes.utf8(Long.toString(position));
        Command put = new Command.Write(
                CACHE, new RequestId(1, 1, position, position), List.of(Mutation.put(KEY, value, Condition.ANY)));
        CacheDefinition definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        List<Command> commands =
                position == 1 ? List.of(new Command.Define(new CacheInfo(CACHE, definition)), put) : List.of(put);
        machine.replay(position, BatchCodec.encode(new Batch(0, -1, 0, commands)));
        written = position;
    }

    long written() {
        return written;
    }

    /** The value, or {@link #REFUSED}. */
    long read(SessionPositions session) {
        LocalEntry entry = replica.get(CACHE, KEY, session);
        return entry == null ? REFUSED : entry.version() >> Versions.ORDINAL_BITS;
    }

    /** Not called: the log has defined the cache. */
    private static final class NoCatalog implements CacheCatalog {

        @Override
        public @Nullable CacheInfo cache(int cacheId) {
            return null;
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return false;
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            throw new AssertionError("Cache " + cacheId + " is known");
        }
    }
}
