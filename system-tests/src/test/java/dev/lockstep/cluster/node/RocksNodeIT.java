package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that holds more than four times its heap: written, stopped, killed, and all of it there. */
class RocksNodeIT {

    private static final int HEAP_MIB = 128;
    private static final int VALUE_BYTES = 16 * 1024;
    private static final int ENTRIES = 4 * HEAP_MIB * (1 << 20) / VALUE_BYTES + 1_000;
    private static final int AT_ONCE = 64;

    @TempDir
    Path home;

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    /** Nothing that could be compressed. */
    private static Bytes value(int number, int change) {
        byte[] bytes = new byte[VALUE_BYTES];
        new Random(number * 31L + change).nextBytes(bytes);
        return Bytes.of(bytes);
    }

    private static void put(Session session, int cache, int from, int to, int change) {
        List<CompletableFuture<?>> inFlight = new ArrayList<>();
        for (int i = from; i < to; i++) {
            // Half of them have a deadline, far away: the index of deadlines is as large as the rest of the keys.
            Mutation put = Mutation.put(key(i), value(i, change), Condition.ANY)
                    .living(i % 2 == 0 ? Lifetime.ETERNAL : Lifetime.ofMillis(86_400_000));
            inFlight.add(session.write(cache, put, LeaseId.NONE));
            if (inFlight.size() == AT_ONCE) {
                inFlight.forEach(CompletableFuture::join);
                inFlight.clear();
            }
        }
        inFlight.forEach(CompletableFuture::join);
    }

    private static void assertAllThere(Session session, int cache, int changed) {
        for (int from = 0; from < ENTRIES; from += AT_ONCE) {
            List<Bytes> keys = new ArrayList<>();
            Map<Bytes, Bytes> expected = new HashMap<>();
            for (int i = from; i < Math.min(from + AT_ONCE, ENTRIES); i++) {
                keys.add(key(i));
                expected.put(key(i), value(i, i < changed ? 1 : 0));
            }
            Map<Bytes, EntryRead> found =
                    session.getAll(cache, keys, true, Consistency.STRONG).join();
            expected.forEach((key, value) -> assertThat(found.get(key).value()).isEqualTo(value));
        }
        assertThat(session.size(cache, Consistency.STRONG).join()).isEqualTo(ENTRIES);
    }

    @Test
    void moreThanFourTimesTheHeapOutlastsAStopAndAKill() throws Exception {
        MemberPorts member = MemberPorts.reserve(1).get(0);
        String yaml = NodeProcesses.configuration(member.id(), List.of(member), "shards: 1")
                .replace("data: data", "data: data, store: rocksdb, checkpoint-entries: 500");
        NodeProcess node = NodeProcess.start(
                member,
                home.resolve("a"),
                yaml,
                NodeProcesses.currentClassPath(),
                "dev.lockstep.cluster.node.NodeMain",
                Map.of("_JAVA_OPTIONS", "-Xmx" + HEAP_MIB + "m"));
        try (node) {
            node.awaitReady();
            Clients clients = new Clients("processes", "127.0.0.1:" + member.port());
            Session session = clients.open();
            int cache = session.createCache(
                            new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                    .join()
                    .id();
            put(session, cache, 0, ENTRIES, 0);
            assertAllThere(session, cache, 0);

            node.close();
            node.restart();
            node.awaitReady();
            put(session, cache, 0, 700, 1); // what only the log has when it is killed
            node.kill();
            node.restart();
            node.awaitReady();
            assertAllThere(session, cache, 700);
            clients.close();
        }
        assertThat(Files.readString(node.log())).doesNotContain("OutOfMemory");
    }
}
