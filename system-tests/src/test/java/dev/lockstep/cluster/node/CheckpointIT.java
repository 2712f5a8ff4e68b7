package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes that take checkpoints often, and what a start makes of them. */
class CheckpointIT {

    private static final int ENTRIES = 150;
    private static final int LARGE = 300_000;
    private static final Pattern RESTORED =
            Pattern.compile("The replica of group 0 on n\\d resumes from its checkpoint at position (\\d+)");

    @TempDir
    Path home;

    private final Random random = new Random(1);
    private NodeProcesses nodes;
    private Clients clients;
    private Session session;
    private int cache;

    @BeforeEach
    void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, "checkpoint-entries: 100", List.of("shards: 1"));
        clients = new Clients("processes", nodes.addresses());
        session = clients.open();
        cache = session.createCache(new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
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

    private WriteResult put(int number, Bytes value) {
        return session.write(cache, Mutation.put(key(number), value, Condition.ANY), LeaseId.NONE)
                .join();
    }

    private long write(int from, int count) {
        long position = 0;
        for (int i = from; i < from + count; i++) {
            position = put(i, Bytes.utf8("value " + i)).position();
        }
        return position;
    }

    private void areThere(Session reader, int from, int count, Consistency consistency) {
        for (int i = from; i < from + count; i++) {
            EntryRead entry = reader.get(cache, key(i), consistency).join().entry();
            assertThat(entry).as("key %d", i).isNotNull();
            assertThat(entry.value()).isEqualTo(Bytes.utf8("value " + i));
        }
    }

    /** The position from which a node has gone on, as its log says. */
    private static long restored(NodeProcess node) throws IOException {
        Matcher line = RESTORED.matcher(Files.readString(node.log()));
        return line.find() ? Long.parseLong(line.group(1)) : 0;
    }

    private List<Path> checkpoints(NodeProcess node) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve(node.member().id()).resolve("data/checkpoints/shard-0"))) {
            return files.toList();
        }
    }

    @Test
    void nodesThatWereAllKilledGoOnFromTheirCheckpoints() throws Exception {
        long last = write(0, ENTRIES);
        for (NodeProcess node : nodes.nodes()) {
            Eventually.holds("it has a checkpoint", () -> !checkpoints(node).isEmpty());
        }
        nodes.nodes().forEach(NodeProcess::kill);
        for (NodeProcess node : nodes.nodes()) {
            node.restart();
        }
        for (NodeProcess node : nodes.nodes()) {
            node.awaitReady();
            assertThat(restored(node)).isBetween(100L, last);
        }
        areThere(clients.open(), 0, ENTRIES, Consistency.STRONG);
        write(ENTRIES, ENTRIES); // a replica that were not like its leader would stop
        for (NodeProcess node : nodes.nodes()) {
            areThere(session, 0, 2 * ENTRIES, Consistency.SESSION);
            assertThat(Files.readString(node.log())).doesNotContain("stops at position");
        }
    }

    @Test
    void aNodeThatWasStoppedHasNothingToReplay() throws Exception {
        long last = write(0, 30);
        NodeProcess node = nodes.node(0);
        node.close();
        node.restart();
        node.awaitReady();
        assertThat(restored(node)).isGreaterThanOrEqualTo(last);
        areThere(clients.through(node), 0, 30, Consistency.STRONG);
    }

    @Test
    void aNodeThatWasAwayForTooLongFetchesACheckpoint() throws Exception {
        write(0, 10);
        NodeProcess away = nodes.node(2);
        away.kill();
        byte[] noise = new byte[LARGE];
        for (int i = 0; i < 2 * ENTRIES; i++) {
            random.nextBytes(noise);
            put(1_000 + i % 5, Bytes.of(noise.clone()));
        }
        away.restart();
        Eventually.holds(
                "it resumes from a fetched checkpoint",
                () -> Files.readString(away.log()).contains("resumes from a fetched checkpoint"));
        away.awaitReady();
        assertThat(clients.through(away)
                        .get(cache, key(1_000 + (2 * ENTRIES - 1) % 5), Consistency.STRONG)
                        .join()
                        .entry()
                        .value())
                .isEqualTo(Bytes.of(noise));
        nodes.node(0).kill(); // now it is needed for a majority
        write(10, 10);
        areThere(clients.through(away), 0, 20, Consistency.STRONG);
    }

    @Test
    void aNodeWhoseCheckpointIsCorruptGetsAnotherFromTheOthers() throws Exception {
        write(0, 30);
        NodeProcess node = nodes.node(1);
        node.close();
        Path file = checkpoints(node).get(0);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        node.restart();
        node.awaitReady();
        assertThat(Files.readString(node.log()))
                .contains(file.getFileName() + " is corrupt", "It recovers from the other replicas");
        votesAgain(node);
        nodes.node(0).kill(); // now it is needed for a majority
        write(30, 10);
        areThere(clients.through(node), 0, 40, Consistency.STRONG);
    }

    private static void votesAgain(NodeProcess node) throws Exception {
        Eventually.holds(
                "it votes again",
                () -> Files.readString(node.log())
                        .contains(
                                "The replica of group 0 on " + node.member().id() + " has caught up and votes again"));
    }

    @Test
    void aNodeWithAnEmptyDiskIsMadeAnewFromTheOthers() throws Exception {
        write(0, ENTRIES);
        NodeProcess node = nodes.node(1);
        node.kill();
        Folders.delete(home.resolve(node.member().id()).resolve("data"));
        node.restart();
        node.awaitReady();
        assertThat(Files.readString(node.log()))
                .contains("it was started with an empty folder, but the others know it");
        votesAgain(node);
        nodes.node(2).kill();
        write(ENTRIES, 10);
        areThere(clients.through(node), 0, ENTRIES + 10, Consistency.STRONG);
    }

    @Test
    void aNodeWhoseMachineWentDownVotesOnlyOnceItHasCaughtUp() throws Exception {
        write(0, ENTRIES);
        NodeProcess node = nodes.node(0);
        node.kill();
        Path running = home.resolve(node.member().id()).resolve("data/running");
        assertThat(running).exists();
        Files.writeString(running, "an earlier life of the machine");
        node.restart();
        node.awaitReady();
        assertThat(Files.readString(node.log()))
                .contains("The replica of group 0 on n1 rejoins in term")
                .doesNotContain("has lost its state");
        votesAgain(node);
        nodes.node(2).kill();
        write(ENTRIES, 10);
        areThere(clients.through(node), 0, ENTRIES + 10, Consistency.STRONG);
    }
}
