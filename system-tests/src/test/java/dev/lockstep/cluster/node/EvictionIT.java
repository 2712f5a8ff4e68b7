package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bounded cache on three nodes, each in a JVM of its own; every replica is asked for what it has. */
class EvictionIT {

    private static final int SHARDS = 3;
    private static final int BOUND = 200;
    private static final int WRITES = 4_000;
    private static final int IN_FLIGHT = 50;

    @TempDir
    Path home;

    private final NettyLinks links = new NettyLinks("processes", null, Duration.ofSeconds(2), 1_000);
    private NodeProcesses nodes;
    private Clients clients;
    private Session session;
    private int cache;

    @BeforeEach
    void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: " + SHARDS));
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
        var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", BOUND, Consistency.SESSION);
        cache = session.createCache(definition).join().id();
    }

    @AfterEach
    void stop() {
        links.close();
        clients.close();
        nodes.close();
    }

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    private Reply ask(NodeProcess node, Request request) throws Exception {
        var member = new Member(
                new NodeId(node.member().id()), "127.0.0.1", node.member().port());
        return LinkCalls.call(links.to(member), request).get(20, TimeUnit.SECONDS);
    }

    private long count(NodeProcess node) throws Exception {
        long count = 0;
        for (int shard = 0; shard < SHARDS; shard++) {
            Reply reply = ask(node, new Request.Size(cache, shard, Consistency.SESSION, 0, 0));
            count += reply instanceof Reply.Count size ? size.count() : Integer.MIN_VALUE;
        }
        return count;
    }

    /** Every entry with its version, or nothing if the replica does not answer. */
    private TreeMap<Bytes, EntryRead> content(NodeProcess node) throws Exception {
        TreeMap<Bytes, EntryRead> content = new TreeMap<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            Reply page = ask(node, new Request.Scan(cache, shard, null, 10_000, Consistency.SESSION, 0, 0));
            List<Bytes> keys = page instanceof Reply.Keys found ? found.keys() : List.of();
            Reply read = ask(node, new Request.Get(cache, shard, keys, true, Consistency.SESSION, 0, 0));
            if (read instanceof Reply.Entries entries) {
                for (int i = 0; i < keys.size(); i++) {
                    content.put(keys.get(i), entries.entries().get(i));
                }
            }
        }
        return content;
    }

    private void put(int from, int to) {
        List<CompletableFuture<?>> puts = IntStream.range(from, to)
                .<CompletableFuture<?>>mapToObj(
                        i -> session.write(cache, Mutation.put(key(i), key(i), Condition.ANY), LeaseId.NONE))
                .toList();
        puts.forEach(CompletableFuture::join);
    }

    private void keepsItsBoundEverywhere(List<NodeProcess> alive) throws Exception {
        List<TreeMap<Bytes, EntryRead>> contents = new ArrayList<>();
        Eventually.holds("the bound is kept on every replica, and all have the same content", () -> {
            contents.clear();
            for (NodeProcess node : alive) {
                contents.add(content(node));
            }
            TreeMap<Bytes, EntryRead> first = contents.get(0);
            return first.size() <= BOUND
                    && !first.containsValue(null)
                    && contents.stream().allMatch(first::equals);
        });
        // Leaders that see each other's shards late, or have just changed, may let a few too many go.
        assertThat(contents.get(0)).hasSizeGreaterThan(BOUND * 9 / 10);
    }

    @Test
    void theBoundIsKeptOnAllReplicasAlsoWhenALeaderIsKilled() throws Exception {
        AtomicInteger written = new AtomicInteger();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < WRITES; i += IN_FLIGHT) {
                put(i, i + IN_FLIGHT);
                written.set(i + IN_FLIGHT);
            }
        });
        Eventually.holds("half is written", () -> written.get() >= WRITES / 2 || writing.isDone());
        NodeId leader = session.view().leaders().get(0);
        NodeProcess victim = nodes.nodes().stream()
                .filter(node -> node.member().id().equals(leader.name()))
                .findFirst()
                .orElseThrow();
        // The shards are counted one after the other: beside the writes in flight there are those that are not made up
        // for yet.
        assertThat(count(victim)).as("half-way").isLessThanOrEqualTo(BOUND + 2 * IN_FLIGHT);
        victim.kill();
        assertThat(written.get()).as("killed while writing").isLessThan(WRITES);
        writing.get(60, TimeUnit.SECONDS);
        List<NodeProcess> others =
                nodes.nodes().stream().filter(node -> node != victim).toList();
        keepsItsBoundEverywhere(others);

        victim.restart();
        victim.awaitReady();
        put(WRITES, WRITES + 500);
        keepsItsBoundEverywhere(nodes.nodes());
    }
}
