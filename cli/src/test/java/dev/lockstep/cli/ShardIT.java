package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.Folders;
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
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three node processes, of which two lose their disks. */
class ShardIT {

    private static final int KEYS = 50;

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private NodeProcesses nodes;

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] all = Stream.concat(
                        Stream.of("shard"),
                        Stream.concat(
                                Stream.of(arguments),
                                Stream.of("--cluster", "processes", "--servers", nodes.addresses())))
                .toArray(String[]::new);
        return CliMain.run(all, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    @Test
    void aShardThatLostItsMajorityGoesOnWhenTheOperatorSaysSo() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 1"));
        try (Clients clients = new Clients("processes", nodes.addresses())) {
            int cache = fill(clients.open());
            assertThat(run("status")).isZero();
            assertThat(out.toString())
                    .contains("control  n1", "0        n3")
                    .containsPattern("0 .*n[123] .*intact .*yes");
            assertThat(run("recover", "--shard", "0", "--accept-loss")).isEqualTo(2);
            assertThat(err.toString()).contains("Shard 0 needs no recovery");
            List<NodeProcess> emptied = nodes.nodes().subList(1, 3);
            NodeProcess.kill(emptied);
            for (NodeProcess node : emptied) {
                Folders.delete(home.resolve(node.member().id()).resolve("data"));
                node.restart();
            }
            Eventually.holds("both wait", () -> {
                run("status");
                return out.toString()
                                .lines()
                                .filter(line -> line.contains(" lost ") && line.contains("no majority"))
                                .count()
                        == 4;
            });
            assertThat(run("status", "--json")).isZero();
            assertThat(out.toString()).startsWith("[{").contains("{\"shard\":\"0\",\"node\":\"n2\",\"state\":\"lost\"");
            assertThat(run("recover", "--shard", "0")).isEqualTo(2);
            assertThat(out.toString()).contains("n2 (with nothing), n3 (with nothing)", "is lost");
            assertThat(err.toString()).contains("Nothing was done");
            for (String shard : List.of("control", "0")) {
                // Through whichever node answers first, which is to pass it on to the one that has lost its state.
                assertThat(run("recover", "--shard", shard, "--accept-loss", "--routing=gateway"))
                        .as(err.toString())
                        .isZero();
            }
            for (NodeProcess node : emptied) {
                node.awaitReady();
            }
            Session session = clients.open();
            for (int i = 0; i < KEYS; i++) {
                assertThat(session.get(cache, key(i), Consistency.STRONG).join().entry())
                        .isNotNull();
            }
            Eventually.holds("all know everything", () -> {
                run("status");
                return out.toString()
                                .lines()
                                .filter(line -> line.contains(" intact "))
                                .count()
                        == 6;
            });
        } finally {
            nodes.close();
        }
    }

    private static int fill(Session session) {
        int cache = session.createCache(
                        new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                .join()
                .id();
        for (int i = 0; i < KEYS; i++) {
            session.write(cache, Mutation.put(key(i), Bytes.utf8("value"), Condition.ANY), LeaseId.NONE)
                    .join();
        }
        return cache;
    }
}
