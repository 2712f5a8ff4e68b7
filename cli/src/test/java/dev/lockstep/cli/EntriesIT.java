package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator looks at the caches of two node processes and at their entries, and changes both. */
class EntriesIT {

    private static final int MANY = 2_500;

    @TempDir
    Path home;

    private StringWriter out = new StringWriter();
    private StringWriter err = new StringWriter();

    private int run(NodeProcesses nodes, String... words) {
        out = new StringWriter();
        err = new StringWriter();
        String[] all = Stream.concat(
                        Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new);
        return CliMain.run(all, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private String told(NodeProcesses nodes, String... words) {
        assertThat(run(nodes, words)).as(err.toString()).isZero();
        return out.toString().strip();
    }

    @Test
    void cachesAndEntriesAreMadeLookedAtChangedAndLost() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 2, List.of("shards: 4"));
                Clients clients = new Clients("processes", nodes.addresses())) {
            assertThat(told(nodes, "cache", "list")).isEqualTo("There are no caches");
            assertThat(told(
                            nodes,
                            "cache",
                            "create",
                            "stock",
                            "--key-type",
                            "java.lang.Integer",
                            "--time-to-live",
                            "1h",
                            "--consistency",
                            "strong"))
                    .contains("3600000 ms", "consistency: strong");
            assertThat(run(nodes, "cache", "create", "stock")).isEqualTo(2);
            assertThat(err.toString()).contains("There is a cache stock already", "cache alter");

            assertThat(run(nodes, "cache", "stats")).isEqualTo(2);
            assertThat(err.toString()).contains("No node measures: n1: This node does not measure: set node.admin");

            assertThat(told(nodes, "put", "stock", "7", "tea")).isEqualTo("Created");
            assertThat(told(nodes, "put", "stock", "7", "12", "--value-type", "long"))
                    .isEqualTo("Replaced");
            assertThat(told(nodes, "get", "stock", "7")).isEqualTo("12");
            assertThat(told(nodes, "get", "stock", "7", "--json"))
                    .contains("\"value\":\"12\"", "\"present\":true")
                    .doesNotContain("never");
            assertThat(run(nodes, "get", "stock", "8")).isEqualTo(4);
            assertThat(run(nodes, "get", "stock", "seven")).isEqualTo(2);
            assertThat(err.toString()).contains("\"seven\" is no int");
            assertThat(run(nodes, "get", "stick", "7")).isEqualTo(2);
            assertThat(err.toString()).contains("There is no cache stick; did you mean stock?");
            assertThat(told(nodes, "keys", "stock")).isEqualTo("7");

            Session session = clients.open();
            CacheInfo cache = session.caches().join().get(0);
            assertThat(session.get(cache.id(), EntryText.bytes("", "int", "7"), Consistency.STRONG)
                            .join()
                            .entry())
                    .isNotNull();
            for (int i = 0; i < MANY; i++) {
                Bytes key = EntryText.bytes("", "int", Integer.toString(i));
                session.write(cache.id(), Mutation.put(key, key, Condition.ANY), LeaseId.NONE)
                        .join();
            }
            assertThat(told(nodes, "cache", "list")).contains(MANY + "  stock");
            assertThat(told(nodes, "cache", "describe", "stock"))
                    .contains("entries:         " + MANY, "keys:            java.lang.Integer");
            Set<String> keys = new HashSet<>(
                    List.of(told(nodes, "keys", "stock", "--limit", "100000").split(System.lineSeparator())));
            assertThat(keys).hasSize(MANY);
            assertThat(told(nodes, "keys", "stock", "--limit", "1100").split(System.lineSeparator()))
                    .hasSize(1_100);

            assertThat(told(nodes, "remove", "stock", "7")).isEqualTo("Removed");
            assertThat(told(nodes, "remove", "stock", "7")).isEqualTo("There was no entry");
            assertThat(run(nodes, "cache", "clear", "stock")).isEqualTo(2);
            assertThat(err.toString()).contains("would lose " + (MANY - 1) + " entries", "--yes");
            assertThat(told(nodes, "cache", "clear", "stock", "--yes")).contains("is emptied");
            assertThat(told(nodes, "keys", "stock")).isEmpty();
            assertThat(told(nodes, "cache", "destroy", "stock", "--yes")).contains("is destroyed");
            assertThat(told(nodes, "cache", "list")).isEqualTo("There are no caches");
        }
    }
}
