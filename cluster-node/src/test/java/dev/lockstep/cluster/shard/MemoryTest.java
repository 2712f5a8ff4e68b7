package dev.lockstep.cluster.shard;

import static dev.lockstep.cluster.testing.ScriptedLog.leading;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.memory.MemoryBudget;
import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.cluster.store.heap.HeapStores;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.ScriptedLog;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The only shard of a cluster of three nodes, whose entries may take 1 MiB. */
class MemoryTest {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Set<NodeId> VOTERS = Set.of(A, B, new NodeId("c"));
    private static final int UNBOUNDED = 1;
    private static final int BOUNDED = 2;
    private static final int SMALL = 3;
    private static final int VALUE_BYTES = 10_000;
    private static final long BUDGET = 1 << 20;
    private static final long SMALL_BYTES = 50_000;

    private final SimulatedWorld world = new SimulatedWorld();
    private final ScriptedPeers peers = new ScriptedPeers();
    private final ScriptedLog log = new ScriptedLog(leading(1, A, VOTERS));
    private final StoreMemory stored = new StoreMemory(Long.MAX_VALUE);
    private final NodeMemory memory =
            new NodeMemory(A, new MemoryBudget(2 * BUDGET, BUDGET, true), stored, () -> List.of(A, B), peers, world);
    private final ShardReplica replica = new ShardReplica(
            0,
            List.copyOf(VOTERS),
            new ShardContext(
                    log.consensus(),
                    new HeapStores(stored),
                    new Catalog(),
                    new ReadIndexRounds(A, peers, world, Duration.ofMillis(600)),
                    AgreeingClocks.of(A, VOTERS, world),
                    new CapacityShares(() -> 1),
                    memory,
                    SlowRequests.NONE,
                    RemovalObserver.NONE,
                    world,
                    world,
                    new ShardContext.Limits(Duration.ofDays(1), 1_000, ChangeWindow.MAX_BYTES)));
    private final ShardHost shards = new ShardHost(Map.of(0, replica));
    private boolean hasMemory = true;
    private long sequence;

    private final class Catalog implements CacheCatalog {

        @Override
        public CacheInfo cache(int cacheId) {
            long maxBytes = cacheId == UNBOUNDED ? 0 : cacheId == BOUNDED ? 1L << 40 : SMALL_BYTES;
            return new CacheInfo(
                    cacheId,
                    new CacheDefinition(
                            "c" + cacheId,
                            "k",
                            "v",
                            ExpiryRule.ETERNAL,
                            "",
                            0,
                            maxBytes,
                            Consistency.SESSION,
                            EntryProcessing.LEASED));
        }

        @Override
        public boolean isDestroyed(int cacheId) {
            return false;
        }

        @Override
        public boolean hasMemory() {
            return hasMemory;
        }

        @Override
        public void learn(int cacheId, Consumer<Reply.@Nullable Refused> then) {
            throw new AssertionError("all caches are known");
        }
    }

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    private Reply write(int cache, Mutation mutation) {
        sequence++;
        List<Reply> replies = new ArrayList<>();
        shards.serve(
                new Request.Write(cache, 0, new RequestId(1, 2, sequence, sequence), List.of(mutation), LeaseId.NONE),
                () -> true,
                replies::add);
        return replies.get(0);
    }

    private Reply put(int cache, int i, int bytes) {
        return write(cache, Mutation.put(key(i), Bytes.of(new byte[bytes]), Condition.ANY));
    }

    private long bytes(int cache) {
        return replica.entries()
                .getOrDefault("c" + cache, new ShardReplica.Held(0, 0))
                .bytes();
    }

    /** Returns how many entries had room. */
    private int fill(int cache) {
        for (int i = 0; i < 1_000; i++) {
            if (put(cache, i, VALUE_BYTES) instanceof Reply.Refused refused) {
                assertThat(refused.status()).isEqualTo(Status.FULL);
                assertThat(refused.message()).contains("limits.memory");
                return i;
            }
        }
        throw new AssertionError("there is room for ever");
    }

    @Test
    void aFullNodeRefusesWhatMakesItFuller() {
        int stored = fill(UNBOUNDED);
        assertThat(bytes(UNBOUNDED)).isGreaterThan(BUDGET - VALUE_BYTES - 512).isLessThanOrEqualTo(BUDGET);
        assertThat(put(UNBOUNDED, 0, VALUE_BYTES)).isInstanceOf(Reply.Written.class);
        assertThat(put(UNBOUNDED, 0, VALUE_BYTES + 100_000)).isInstanceOf(Reply.Refused.class);
        assertThat(write(UNBOUNDED, Mutation.remove(key(0), Condition.ANY))).isInstanceOf(Reply.Written.class);
        assertThat(put(UNBOUNDED, stored, VALUE_BYTES)).isInstanceOf(Reply.Written.class);
        assertThat(memory.refused()).isEqualTo(2);
        assertThat(memory.waitingBytes()).isZero();
    }

    @Test
    void beforeTheClusterHasTheStatusAFullNodeRefusesByOneThatAllKnow() {
        fill(UNBOUNDED);
        hasMemory = false;
        assertThat(put(UNBOUNDED, -1, VALUE_BYTES))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.INVALID));
    }

    @Test
    void aBoundedCacheGivesWayAndIsNotRefused() {
        for (int i = 0; i < 500; i++) {
            Reply reply = put(BOUNDED, i, VALUE_BYTES);
            assertThat(reply).as("put %d", i).isInstanceOf(Reply.Written.class);
            assertThat(bytes(BOUNDED)).isLessThanOrEqualTo(BUDGET);
            shards.upkeep();
        }
        assertThat(bytes(BOUNDED)).isGreaterThan(BUDGET * 8 / 10);
    }

    @Test
    void aBoundedCacheGivesWayToOthers() {
        for (int i = 0; i < 50; i++) {
            put(BOUNDED, i, VALUE_BYTES);
        }
        for (int i = 0; i < 90; i++) {
            assertThat(put(UNBOUNDED, i, VALUE_BYTES)).as("put %d", i).isInstanceOf(Reply.Written.class);
            shards.upkeep();
        }
        assertThat(bytes(BOUNDED)).isLessThan(5L * VALUE_BYTES);
    }

    @Test
    void aFollowerThatIsFullCounts() {
        memory.tick();
        peers.answer(
                peers.of(B).stream()
                        .filter(one -> one.request() instanceof Request.ReadMemory)
                        .findFirst()
                        .orElseThrow(),
                new Reply.Memory(100_000, 200_000));
        assertThat(fill(UNBOUNDED)).isEqualTo(9);
    }

    @Test
    void aCacheKeepsItsBoundInBytes() {
        for (int i = 0; i < 100; i++) {
            put(SMALL, i, 1_000 + i);
            assertThat(bytes(SMALL)).isLessThanOrEqualTo(SMALL_BYTES + 2_000);
            shards.upkeep();
        }
        assertThat(bytes(SMALL)).isBetween(SMALL_BYTES - 2_000, SMALL_BYTES);
    }
}
