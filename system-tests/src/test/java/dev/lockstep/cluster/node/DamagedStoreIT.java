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
import dev.lockstep.protocol.wire.Mutation;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes with RocksDB, of which one is stopped, has files of its harmed, and is started again. */
class DamagedStoreIT {

    private static final int KEYS = 400;
    private static final int VALUE_BYTES = 1_000;

    @TempDir
    Path home;

    private NodeProcesses nodes;
    private Clients clients;
    private int cache;

    @BeforeEach
    void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, "store: rocksdb, checkpoint-entries: 100", List.of("shards: 1"));
        clients = new Clients("processes", nodes.addresses());
        Session session = clients.open();
        cache = session.createCache(new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
        write(session);
    }

    private void write(Session session) {
        for (int i = 0; i < KEYS; i++) {
            session.write(cache, Mutation.put(key(i), value(i), Condition.ANY), LeaseId.NONE)
                    .join();
        }
    }

    @AfterEach
    void stop() {
        clients.close();
        nodes.close();
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    /** Nothing that could be compressed. */
    private static Bytes value(int number) {
        byte[] bytes = new byte[VALUE_BYTES];
        new Random(number).nextBytes(bytes);
        return Bytes.of(bytes);
    }

    private void areAllThere(Session session) {
        for (int i = 0; i < KEYS; i++) {
            EntryRead entry =
                    session.get(cache, key(i), Consistency.STRONG).join().entry();
            assertThat(entry).as("key %d", i).isNotNull();
            assertThat(entry.value()).isEqualTo(value(i));
        }
    }

    private void harm(NodeProcess node, Predicate<File> which) throws IOException {
        Path store = home.resolve(node.member().id()).resolve("data/rocksdb");
        try (Stream<Path> files = Files.list(store)) {
            List<Path> harmed = files.filter(file -> which.test(file.toFile())).toList();
            assertThat(harmed).isNotEmpty();
            harmed.forEach(DamagedStoreIT::flipInTheMiddle);
        }
    }

    private static void flipInTheMiddle(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void isNeededAndHasEverything(NodeProcess node) {
        nodes.nodes().stream()
                .filter(other -> other != node)
                .findFirst()
                .orElseThrow()
                .kill();
        areAllThere(clients.open());
    }

    /** It had a checkpoint flushed there, and what came before is still in its log. */
    @Test
    void aStoreThatCannotBeOpenedIsPutAside() throws Exception {
        NodeProcess node = nodes.node(1);
        node.close();
        harm(node, file -> file.getName().startsWith("MANIFEST"));
        node.restart();
        node.awaitReady();
        assertThat(Files.readString(node.log())).contains("it was moved to", "quarantined/rocksdb.1");
        isNeededAndHasEverything(node);
    }

    @Test
    void aTableThatIsDamagedIsNoticedWhenItIsReadAndTheReplicaMadeAnew() throws Exception {
        NodeProcess node = nodes.node(1);
        node.close();
        // Not the one with the number of the schema, which is read when the store is opened.
        harm(node, file -> file.getName().endsWith(".sst") && file.length() > 10 * VALUE_BYTES);
        node.restart();
        node.awaitReady();
        write(clients.open()); // a replica that applies that looks for the old entries
        Eventually.holds(
                "the damage is noticed",
                () -> Files.readString(node.log())
                        .contains("it is rebuilt from the other replicas when the node is restarted"));
        node.close();
        node.restart();
        node.awaitReady();
        assertThat(Files.readString(node.log())).contains("has lost its state");
        Eventually.holds(
                "it votes again",
                () -> Files.readString(node.log())
                        .contains("The replica of group 0 on n2 has caught up and votes again"));
        isNeededAndHasEverything(node);
    }
}
