package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes with one store among nodes with the other: they bring each other up, and none comes to another state than its leader. */
class MixedStoresIT {

    private static final int LARGE = 300_000;
    private static final int MANY = 300;

    @TempDir
    Path home;

    private final Random random = new Random(1);
    private NodeProcesses nodes;
    private Clients clients;
    private Session session;
    private int cache;
    private int other;

    private void start(Set<String> onRocks) throws Exception {
        nodes = NodeProcesses.start(
                home,
                3,
                id -> "checkpoint-entries: 100, store: " + (onRocks.contains(id) ? "rocksdb" : "heap"),
                List.of("shards: 1"));
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
        cache = cache("c");
        other = cache("d");
    }

    private int cache(String name) {
        return session.createCache(new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
    }

    @AfterEach
    void stop() {
        clients.close();
        nodes.close();
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private void write(int id, Mutation mutation) {
        session.write(id, mutation, LeaseId.NONE).join();
    }

    /** Something of everything that a machine's state is made of. */
    private void writeSome(int from) {
        for (int i = from; i < from + 40; i++) {
            write(cache, Mutation.put(key(i), Bytes.utf8("value " + i), Condition.ANY));
            write(
                    other,
                    Mutation.put(key(i), Bytes.utf8("other"), Condition.ANY).living(Lifetime.ofMillis(50L * i)));
            if (i % 4 == 0) {
                write(cache, Mutation.remove(key(i), Condition.ANY));
            }
        }
        session.clear(other).join();
        write(other, Mutation.put(key(from), Bytes.utf8("late"), Condition.ANY).living(Lifetime.ofMillis(3_600_000)));
    }

    private void assertSomeIsThere(Session reader, int from) {
        for (int i = from; i < from + 40; i++) {
            EntryRead entry =
                    reader.get(cache, key(i), Consistency.STRONG).join().entry();
            assertThat(entry == null).as("key %d", i).isEqualTo(i % 4 == 0);
        }
    }

    /** Asserts that the cache that is cleared each time holds only the last values. */
    private void assertOnlyTheLastIsThere(Session reader, int from) {
        assertThat(reader.get(other, key(from), Consistency.STRONG).join().entry())
                .isNotNull();
        assertThat(reader.size(other, Consistency.STRONG).join()).isEqualTo(1);
    }

    /** Writes so much that the log of the others no longer reaches back to a node that was away. */
    private void writeMuch() {
        byte[] noise = new byte[LARGE];
        for (int i = 0; i < MANY; i++) {
            random.nextBytes(noise);
            write(cache, Mutation.put(key(1_000 + i % 5), Bytes.of(noise.clone()), Condition.ANY));
        }
    }

    private void bringUp(NodeProcess away) throws Exception {
        writeSome(0);
        away.kill();
        writeMuch();
        writeSome(100);
        away.restart();
        Eventually.holds(
                "it resumes from a fetched checkpoint",
                () -> Files.readString(away.log()).contains("resumes from a fetched checkpoint"));
        away.awaitReady();
        writeSome(200); // its checksum is compared with its leader's
        nodes.nodes().stream().filter(node -> node != away).limit(1).forEach(NodeProcess::kill);
        writeSome(300); // now it is needed for a majority
        for (int from = 0; from < 400; from += 100) {
            assertSomeIsThere(clients.through(away), from);
        }
        assertOnlyTheLastIsThere(clients.through(away), 300);
        for (NodeProcess node : nodes.nodes()) {
            assertThat(Files.readString(node.log())).doesNotContain("stops at position");
        }
    }

    private List<Path> checkpoints(NodeProcess node) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve(node.member().id()).resolve("data/checkpoints/shard-0"))) {
            return files.toList();
        }
    }

    @Test
    void oneOnRocksIsBroughtUpByOthersOnTheHeap() throws Exception {
        start(Set.of("n3"));
        NodeProcess rocks = nodes.node(2);
        bringUp(rocks);
        rocks.kill();
        rocks.restart(); // from its store alone
        rocks.awaitReady();
        assertSomeIsThere(clients.through(rocks), 300);
        assertOnlyTheLastIsThere(clients.through(rocks), 300);
    }

    @Test
    void oneOnTheHeapIsBroughtUpByOthersOnRocks() throws Exception {
        start(Set.of("n2", "n3"));
        bringUp(nodes.node(0));
        nodes.node(1).restart(); // it may have been the one that sent, and had to be killed
        Eventually.holds("what was written to be sent is deleted with a later checkpoint", () -> {
            write(cache, Mutation.put(key(2_000), Bytes.utf8("more"), Condition.ANY));
            return checkpoints(nodes.node(1)).isEmpty()
                    && checkpoints(nodes.node(2)).isEmpty();
        });
    }
}
