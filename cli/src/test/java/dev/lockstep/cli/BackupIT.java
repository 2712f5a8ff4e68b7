package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backup of three nodes that are written to, loaded into one node with other shards. */
class BackupIT {

    private static final int ENTRIES = 2_000;
    private static final Lifetime HOUR = new Lifetime(3_600_000);

    @TempDir
    Path home;

    private String out = "";
    private String err = "";

    private int run(String command, NodeProcesses nodes, String... further) {
        StringWriter answer = new StringWriter();
        StringWriter errors = new StringWriter();
        String[] arguments = Stream.concat(
                        Stream.of(command, "--servers", nodes.addresses(), "--cluster", "processes"),
                        Stream.of(further))
                .toArray(String[]::new);
        int exit = CliMain.run(arguments, new PrintWriter(answer, true), new PrintWriter(errors, true));
        out = answer.toString();
        err = errors.toString();
        return exit;
    }

    private static CacheDefinition definition(String name) {
        return new CacheDefinition(name, "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private static Mutation put(int number, Lifetime lifetime) {
        return Mutation.put(key(number), Bytes.utf8("value-" + number), Condition.ANY)
                .living(lifetime);
    }

    private static void fill(Session session, int cache, int from, int to, Lifetime lifetime) {
        for (int i = from; i < to; i += 500) {
            session.writeAll(
                            cache,
                            java.util.stream.IntStream.range(i, Math.min(to, i + 500))
                                    .mapToObj(number -> put(number, lifetime))
                                    .toList())
                    .join();
        }
    }

    private static Map<Bytes, EntryRead> read(Session session, int cache, int from, int to) {
        Map<Bytes, EntryRead> all = new HashMap<>();
        for (int i = from; i < to; i += 500) {
            all.putAll(session.getAll(
                            cache,
                            java.util.stream.IntStream.range(i, Math.min(to, i + 500))
                                    .mapToObj(BackupIT::key)
                                    .toList(),
                            true,
                            Consistency.STRONG)
                    .join());
        }
        return all;
    }

    /** Each leads some of the shards. */
    private static String store(String node) {
        return "store: " + (node.equals("n1") ? "heap" : "rocksdb");
    }

    @Test
    void aBackupHoldsAllWritesAcknowledgedBeforeItStarted() throws Exception {
        Path folder = home.resolve("backup");
        try (NodeProcesses three =
                        NodeProcesses.start(home.resolve("three"), 3, BackupIT::store, List.of("shards: 4"));
                Clients clients = new Clients("processes", three.addresses())) {
            Session session = clients.open();
            int eternal = session.createCache(definition("eternal")).join().id();
            int mortal = session.createCache(definition("mortal")).join().id();
            int gone = session.createCache(definition("gone")).join().id();
            session.createCache(definition("empty")).join();
            // The leaders have checkpoints then, which must not be given again.
            assertThat(run("backup", three, home.resolve("earlier").toString()))
                    .as(err)
                    .isZero();
            fill(session, eternal, 0, ENTRIES, Lifetime.ETERNAL);
            fill(session, mortal, 0, 500, HOUR);
            fill(session, mortal, 500, 600, new Lifetime(1));
            fill(session, gone, 0, 100, Lifetime.ETERNAL);
            session.destroyCache(gone).join();
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger further = new AtomicInteger(ENTRIES);
            Thread writing = new Thread(() -> {
                while (!over.get()) {
                    session.write(eternal, put(further.getAndIncrement(), Lifetime.ETERNAL), LeaseId.NONE)
                            .join();
                }
            });
            writing.start();
            assertThat(run("backup", three, folder.toString())).as(err).isZero();
            over.set(true);
            writing.join();
            assertThat(out).contains("backup of 4 shards: entries=");
            assertThat(further.get()).isGreaterThan(ENTRIES + 1);
            assertThat(run("backup", three, folder.toString())).isEqualTo(2);
            assertThat(err).contains("is not empty");
            assertThat(run("restore", three, folder.toString())).isEqualTo(2);
            assertThat(err).contains("has caches already (eternal, mortal, empty)");
        }
        try (NodeProcesses one = NodeProcesses.start(home.resolve("one"), 1, List.of("shards: 7"));
                Clients clients = new Clients("processes", one.addresses())) {
            Session session = clients.open();
            refusesWhatIsNotWhole(one, folder, session);
            assertThat(run("restore", one, "--json", folder.toString())).as(err).isZero();
            assertThat(out).startsWith("{\"caches\":3,\"entries\":");
            Map<String, Integer> caches = new HashMap<>();
            for (CacheInfo info : session.caches().join()) {
                caches.put(info.definition().name(), info.id());
                assertThat(info.definition())
                        .isEqualTo(definition(info.definition().name()));
            }
            assertThat(caches.keySet()).containsExactlyInAnyOrder("eternal", "mortal", "empty");
            Map<Bytes, EntryRead> eternal = read(session, caches.get("eternal"), 0, ENTRIES);
            assertThat(eternal).hasSize(ENTRIES);
            eternal.forEach((key, entry) -> {
                assertThat(entry.deadlineMillis()).isEqualTo(Long.MAX_VALUE);
                assertThat(entry.value())
                        .isEqualTo(Bytes.utf8("value-"
                                + new String(key.array(), java.nio.charset.StandardCharsets.UTF_8).substring(4)));
            });
            Map<Bytes, EntryRead> mortal = read(session, caches.get("mortal"), 0, 600);
            assertThat(mortal).hasSize(500);
            long now = System.currentTimeMillis();
            assertThat(mortal.values())
                    .allSatisfy(entry ->
                            assertThat(entry.deadlineMillis() - now).isBetween(HOUR.millis() - 300_000, HOUR.millis()));
        }
    }

    private void refusesWhatIsNotWhole(NodeProcesses nodes, Path folder, Session session) throws IOException {
        for (Path file : files(folder)) {
            byte[] whole = Files.readAllBytes(file);
            for (byte[] harmed : List.of(flipped(whole), Arrays.copyOf(whole, whole.length - 1))) {
                Files.write(file, harmed);
                assertThat(run("restore", nodes, folder.toString())).isEqualTo(2);
                assertThat(err).contains(file.toString());
            }
            Files.delete(file);
            assertThat(run("restore", nodes, folder.toString())).isEqualTo(2);
            assertThat(err).containsAnyOf("is missing", "was not finished");
            Files.write(file, whole);
        }
        assertThat(session.caches().join()).isEmpty();
    }

    private static byte[] flipped(byte[] bytes) {
        byte[] harmed = bytes.clone();
        harmed[bytes.length / 2] ^= 1;
        return harmed;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void aClusterThatDoesNotAnswerIsSaidSo() {
        StringWriter errors = new StringWriter();
        int exit = CliMain.run(
                new String[] {
                    "backup", "--servers", "127.0.0.1:1", home.resolve("b").toString()
                },
                new PrintWriter(new StringWriter()),
                new PrintWriter(errors, true));
        assertThat(exit).isEqualTo(1);
        assertThat(errors.toString()).contains("127.0.0.1:1").contains("Are they running?");
    }
}
