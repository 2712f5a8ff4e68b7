package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes, each in a JVM of its own, and clients in this one. */
@Tag("alone")
class ClusterIT {

    private static final int SHARDS = 3;

    @TempDir
    static Path home;

    private static NodeProcesses nodes;

    private final List<NodeProcess> frozen = new ArrayList<>();
    private Clients clients;
    private Session session;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: " + SHARDS));
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @BeforeEach
    void connect() {
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
    }

    /** The next test finds all nodes and no cache. */
    @AfterEach
    void mend() throws Exception {
        for (NodeProcess node : frozen) {
            node.thaw();
        }
        nodes.makeWhole();
        try (Session last = clients.open()) {
            last.caches().join().forEach(cache -> last.destroyCache(cache.id()).join());
        }
        clients.close();
    }

    private void freeze(NodeProcess node) throws Exception {
        frozen.add(node);
        node.freeze();
    }

    private void thaw(NodeProcess node) throws Exception {
        node.thaw();
        frozen.remove(node);
    }

    private static CacheDefinition definition(String name) {
        return new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
    }

    private int cache(String name) {
        return session.createCache(definition(name)).join().id();
    }

    private static Bytes number(long value) {
        return Bytes.utf8(Long.toString(value));
    }

    private static long value(EntryRead entry) {
        return Long.parseLong(new String(entry.value().array(), StandardCharsets.UTF_8));
    }

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    private static void put(Session by, int cache, Bytes key, long value) {
        by.write(cache, Mutation.put(key, number(value), Condition.ANY), LeaseId.NONE)
                .join();
    }

    private NodeProcess process(NodeId id) {
        return nodes.nodes().stream()
                .filter(node -> node.member().id().equals(id.name()))
                .findFirst()
                .orElseThrow();
    }

    /** The node that leads the shard of a key, as a session opened now is told. */
    private NodeProcess leader(int cache, Bytes key) throws Exception {
        NodeId[] found = new NodeId[1];
        Eventually.holds("a leader is known", () -> {
            Session asking = clients.open();
            found[0] = asking.view().leaders().get(asking.view().map().shardOf(cache, key.hash64()));
            asking.close();
            return found[0] != null;
        });
        return process(found[0]);
    }

    @Test
    void aClientReadsItsWritesAnywhereAndOthersReadThemStrongly() {
        int cache = cache("c");
        Session other = clients.open();
        for (int i = 0; i < 50; i++) {
            put(session, cache, key(i), i);
            assertThat(value(session.get(cache, key(i), Consistency.SESSION)
                            .join()
                            .entry()))
                    .isEqualTo(i);
            assertThat(value(other.get(cache, key(i), Consistency.STRONG).join().entry()))
                    .isEqualTo(i);
        }
        assertThat(other.size(cache, Consistency.STRONG).join()).isEqualTo(50);
    }

    @Test
    void cachesAreSeenByAll() {
        Session other = clients.open();
        CacheInfo created = session.createCache(definition("a")).join();
        assertThat(other.caches().join()).containsExactly(created);
        assertThat(other.createCache(definition("a")).join()).isEqualTo(created);
        put(other, created.id(), key(1), 1);
        session.destroyCache(created.id()).join();
        assertThat(other.caches().join()).isEmpty();
        assertThatThrownBy(() -> session.get(99, key(1), Consistency.STRONG).join())
                .cause()
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.NO_SUCH_CACHE));
        int again = cache("a");
        assertThat(again).isGreaterThan(created.id());
        assertThat(other.get(again, key(1), Consistency.STRONG).join().entry()).isNull();
    }

    @Test
    void aKilledLeaderLosesNothingAcknowledgedAndCatchesUpAfterItsRestart() throws Exception {
        int cache = cache("c");
        AtomicInteger acknowledged = new AtomicInteger();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 2_000; i++) {
                put(session, cache, key(i), i);
                acknowledged.set(i + 1);
            }
        });
        Eventually.holds("writes are in flight", () -> acknowledged.get() > 200 || writing.isDone());
        NodeProcess victim = leader(cache, key(0));
        victim.kill();
        int before = acknowledged.get();
        assertThat(before).as("killed while writing").isLessThan(2_000);
        writing.get(60, TimeUnit.SECONDS);
        assertAllThere(clients.open(), cache, 2_000);

        victim.restart();
        victim.awaitReady();
        nodes.nodes().stream().filter(node -> node != victim).limit(1).forEach(NodeProcess::kill);
        // Now every majority has the node that was away.
        assertAllThere(clients.open(), cache, 2_000);
        put(session, cache, key(0), 7);
        assertThat(value(clients.open()
                        .get(cache, key(0), Consistency.STRONG)
                        .join()
                        .entry()))
                .isEqualTo(7);
    }

    private static void assertAllThere(Session reader, int cache, int count) {
        List<Bytes> keys = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            keys.add(key(i));
        }
        Map<Bytes, EntryRead> found =
                reader.getAll(cache, keys, true, Consistency.STRONG).join();
        for (int i = 0; i < count; i++) {
            assertThat(found).containsKey(key(i));
            assertThat(value(found.get(key(i)))).isEqualTo(i);
        }
    }

    @Test
    void aFrozenLeaderServesNothingStaleWhenItGoesOn() throws Exception {
        int cache = cache("c");
        Bytes key = key(1);
        put(session, cache, key, 0);
        NodeProcess leader = leader(cache, key);
        Session before = clients.through(leader);
        assertThat(value(before.get(cache, key, Consistency.STRONG).join().entry()))
                .isZero();
        freeze(leader);
        for (int i = 1; i <= 20; i++) {
            put(session, cache, key, i);
            assertThat(value(session.get(cache, key, Consistency.SESSION).join().entry()))
                    .isEqualTo(i);
        }
        // These wait at the frozen node and are what it meets first when it goes on.
        List<CompletableFuture<Long>> strong = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            strong.add(before.get(cache, key, Consistency.STRONG).thenApply(found -> value(found.entry())));
        }
        thaw(leader);
        for (CompletableFuture<Long> read : strong) {
            assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo(20);
        }
    }

    @Test
    void sessionReadsNeverGoBackWhileTheLeaderIsFrozen() throws Exception {
        int cache = cache("c");
        Bytes key = key(1);
        put(session, cache, key, 0);
        Session reader = clients.open();
        NodeProcess leader = leader(cache, key);
        long seen = 0;
        for (int i = 1; i <= 60; i++) {
            if (i == 20) {
                freeze(leader);
            } else if (i == 40) {
                thaw(leader);
            }
            put(session, cache, key, i);
            long read = value(reader.get(cache, key, Consistency.SESSION).join().entry());
            assertThat(read).isBetween(seen, (long) i);
            seen = read;
            assertThat(value(session.get(cache, key, Consistency.SESSION).join().entry()))
                    .isEqualTo(i);
        }
    }

    @Test
    void updatesUnderLeasesAreNeitherLostNorDoubledWhenTheLeaderIsKilled() throws Exception {
        int cache = cache("c");
        Bytes key = key(1);
        put(session, cache, key, 0);
        int callers = 4;
        int each = 25;
        AtomicInteger done = new AtomicInteger();
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int c = 0; c < callers; c++) {
            Session caller = clients.open();
            running.add(CompletableFuture.runAsync(() -> {
                for (int i = 0; i < each; i++) {
                    increment(caller, cache, key);
                    done.incrementAndGet();
                }
            }));
        }
        Eventually.holds("half is done", () -> done.get() >= callers * each / 2);
        leader(cache, key).kill();
        for (CompletableFuture<Void> caller : running) {
            caller.get(60, TimeUnit.SECONDS);
        }
        assertThat(value(session.get(cache, key, Consistency.STRONG).join().entry()))
                .isEqualTo(callers * each);
    }

    private static void increment(Session caller, int cache, Bytes key) {
        boolean applied = false;
        while (!applied) {
            LeaseGrant held = caller.readForUpdate(cache, key).join();
            Mutation next = Mutation.put(
                    key, number(value(held.found().entry()) + 1), held.found().unchanged());
            WriteResult result = caller.write(cache, next, held.id()).join();
            applied = result.result().applied();
        }
    }

    @Test
    void aStoppedNodeHandsOverAndEndsByItself() throws Exception {
        int cache = cache("c");
        put(session, cache, key(1), 1);
        NodeProcess leader = leader(cache, key(1));
        long began = System.nanoTime();
        leader.close();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(9));
        put(session, cache, key(1), 2);
        assertThat(value(clients.open()
                        .get(cache, key(1), Consistency.STRONG)
                        .join()
                        .entry()))
                .isEqualTo(2);
    }
}
