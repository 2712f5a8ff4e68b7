package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.local.LocalConsensus;
import dev.lockstep.cluster.eviction.CapacityShares;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.store.rocks.RocksStores;
import dev.lockstep.cluster.testing.AgreeingClocks;
import dev.lockstep.cluster.testing.AmpleMemory;
import dev.lockstep.cluster.testing.ScriptedPeers;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A replica whose store can't be used any more stops, whichever thread finds out, and answers nothing that is not so.
 */
class StoreFailureTest {

    private static final NodeId SELF = new NodeId("a");
    private static final int CACHE = 1;

    @TempDir
    Path home;

    private final SimulatedWorld world = new SimulatedWorld();
    private RocksStores stores;
    private ShardReplica replica;
    private ShardHost shards;
    private long sequence;

    /** One cache. */
    private static final class Catalog implements CacheCatalog {

        @Override
        public @Nullable CacheInfo cache(int cacheId) {
            return new CacheInfo(
                    CACHE, new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION));
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

    @BeforeEach
    void open() throws IOException {
        stores = RocksStores.open(home.resolve("rocksdb"), 1 << 20);
        replica = new ShardReplica(
                0,
                List.of(SELF),
                new ShardContext(
                        new LocalConsensus(SELF),
                        stores,
                        new Catalog(),
                        new ReadIndexRounds(SELF, new ScriptedPeers(), world, Duration.ofSeconds(1)),
                        AgreeingClocks.of(SELF, List.of(SELF), world),
                        new CapacityShares(() -> 1),
                        AmpleMemory.of(SELF, world),
                        SlowRequests.NONE,
                        RemovalObserver.NONE,
                        world,
                        world,
                        new ShardContext.Limits(Duration.ofSeconds(5), 100, ChangeWindow.MAX_BYTES)));
        shards = new ShardHost(Map.of(0, replica));
        assertThat(put("key")).isInstanceOf(Reply.Written.class);
    }

    private Reply ask(Request.ToShard request) {
        List<Reply> replies = new ArrayList<>();
        shards.serve(request, () -> true, replies::add);
        assertThat(replies).hasSize(1);
        return replies.get(0);
    }

    private Reply put(String key) {
        sequence++;
        Mutation put = Mutation.put(Bytes.utf8(key), Bytes.utf8("value"), Condition.ANY);
        return ask(new Request.Write(CACHE, 0, new RequestId(1, 2, sequence, sequence), List.of(put), LeaseId.NONE));
    }

    private Reply get(String key, Consistency consistency) {
        return ask(new Request.Get(CACHE, 0, List.of(Bytes.utf8(key)), true, consistency, 0, 0));
    }

    private void assertStopped(Reply reply) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.NO_LEADER));
        assertThat(replica.leadership().leader()).isNull();
    }

    @Test
    void aReadThatFindsItFailedStopsTheReplica() {
        assertThat(get("other", Consistency.SESSION)).isInstanceOf(Reply.Entries.class);
        stores.close();
        assertStopped(get("other", Consistency.SESSION));
        assertStopped(get("key", Consistency.STRONG));
    }

    @Test
    void aReadInThisJvmStopsTheReplicaWhenItsStoreFails() {
        stores.close();
        assertThat(shards.get(CACHE, 0, Bytes.utf8("other"), new SessionPositions(1)))
                .isNull();
        assertStopped(get("other", Consistency.STRONG));
    }

    @Test
    void aWriteStopsTheReplicaWhenItsStoreFails() {
        stores.close();
        assertThat(put("other"))
                .isInstanceOfSatisfying(
                        Reply.Refused.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.INDETERMINATE));
        assertThat(replica.leadership().leader()).isNull();
    }
}
