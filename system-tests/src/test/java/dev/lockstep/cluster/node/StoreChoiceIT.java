package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cost of {@code node.store} where it is not used, and the error where it can't be had. */
class StoreChoiceIT {

    private static final Bytes KEY = Bytes.utf8("key");

    @TempDir
    Path home;

    private NodeProcess start(String store, String... jvm) throws Exception {
        MemberPorts member = MemberPorts.reserve(1).get(0);
        String yaml = NodeProcesses.configuration(member.id(), List.of(member), "shards: 1")
                .replace("data: data", "data: data, store: " + store);
        return NodeProcess.start(
                member,
                home,
                yaml,
                NodeProcesses.currentClassPath(),
                "dev.lockstep.cluster.node.NodeMain",
                Map.of("_JAVA_OPTIONS", String.join(" ", jvm)));
    }

    private boolean hasLoadedRocks(String store) throws Exception {
        Path classes = home.resolve("classes-" + store);
        try (NodeProcess node = start(store, "-Xlog:class+load:file=" + classes)) {
            node.awaitReady();
        }
        String loaded = Files.readString(classes);
        assertThat(loaded).contains("dev.lockstep.cluster.node.Node ");
        return loaded.contains("org.rocksdb.");
    }

    @Test
    void aNodeWithEntriesOnTheHeapDoesNotLoadRocksDb() throws Exception {
        assertThat(hasLoadedRocks("heap")).isFalse();
        assertThat(hasLoadedRocks("rocksdb")).isTrue();
    }

    @Test
    void aPlatformWithoutALibraryIsToldWhatToDo() throws Exception {
        try (NodeProcess node = start("rocksdb", "-Dos.arch=pdp11")) {
            assertThatThrownBy(node::awaitReady)
                    .hasMessageContaining("ended before it was ready")
                    .hasMessageContaining("RocksDB's library can't be loaded on Linux pdp11")
                    .hasMessageContaining("store: heap");
        }
    }

    @Test
    void aLibraryThatCantBeWrittenIsToldWithItsFolder() throws Exception {
        Path library = home.resolve("data/rocksdb-library");
        Files.createDirectories(library.getParent());
        Files.writeString(library, "no folder");
        try (NodeProcess node = start("rocksdb")) {
            assertThatThrownBy(node::awaitReady)
                    .hasMessageContaining("data/rocksdb-library")
                    .hasMessageContaining("store: heap");
        }
    }

    @Test
    void entriesOfTheHeapAreInRocksDbAfterTheChange() throws Exception {
        int cache;
        try (NodeProcess node = start("heap");
                Clients clients =
                        new Clients("processes", "127.0.0.1:" + node.member().port())) {
            node.awaitReady();
            Session session = clients.open();
            cache = session.createCache(
                            new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                    .join()
                    .id();
            session.write(cache, Mutation.put(KEY, KEY, Condition.ANY), LeaseId.NONE)
                    .join();
        }
        Path checkpoints = home.resolve("data/checkpoints/shard-0");
        assertThat(checkpoints).isNotEmptyDirectory();
        for (int start = 0; start < 2; start++) {
            try (NodeProcess node = start("rocksdb");
                    Clients clients = new Clients(
                            "processes", "127.0.0.1:" + node.member().port())) {
                node.awaitReady();
                assertThat(clients.open()
                                .get(cache, KEY, Consistency.STRONG)
                                .join()
                                .entry()
                                .value())
                        .isEqualTo(KEY);
            }
        }
    }

    @Test
    void aHeapIsNoPlaceForWhatRocksHas() throws Exception {
        try (NodeProcess node = start("rocksdb")) {
            node.awaitReady();
        }
        try (NodeProcess node = start("heap")) {
            assertThatThrownBy(node::awaitReady)
                    .hasMessageContaining("data/rocksdb")
                    .hasMessageContaining("store: rocksdb");
        }
    }
}
