package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator asks what the nodes did with a cache, records what one does, and collects what is known of all. */
class SupportIT {

    private static final int PUTS = 20;

    @TempDir
    Path home;

    private StringWriter out = new StringWriter();
    private StringWriter err = new StringWriter();

    private static String[] words(NodeProcesses nodes, String... words) {
        return Stream.concat(Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new);
    }

    private int run(NodeProcesses nodes, String... words) {
        out = new StringWriter();
        err = new StringWriter();
        return CliMain.run(words(nodes, words), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void statisticsProfilesAndBundlesTellWhatTheNodesDo() throws Exception {
        List<Integer> admin = MemberPorts.freePorts(3);
        try (NodeProcesses nodes = NodeProcesses.start(
                        home,
                        3,
                        id -> "slow-request: 1ms, admin: \"127.0.0.1:"
                                + admin.get(Integer.parseInt(id.substring(1)) - 1) + "\"",
                        List.of("shards: 4"));
                Clients clients = new Clients("processes", nodes.addresses())) {
            assertThat(run(nodes, "cache", "create", "stock", "--key-type", "java.lang.String"))
                    .isZero();
            fill(nodes);
            statistics(nodes);
            levels(nodes);
            profile(nodes);
            bundle(nodes);
            bundleWithoutSpace(nodes);
        }
    }

    private void fill(NodeProcesses nodes) {
        for (int i = 0; i < PUTS; i++) {
            assertThat(run(nodes, "put", "stock", "item-" + i, "many")).isZero();
        }
    }

    private void statistics(NodeProcesses nodes) {
        assertThat(run(nodes, "cache", "stats", "stock", "--json")).isZero();
        assertThat(out.toString())
                .contains("{\"cache\":\"stock\",\"gets\":0,\"hits\":0,\"puts\":" + PUTS + ",\"removals\":0,")
                .contains("\"entries\":" + PUTS + ",");
        assertThat(run(nodes, "cache", "stats")).isZero();
        assertThat(out.toString()).contains("WRITE P99", "stock");
        assertThat(run(nodes, "cache", "stats", "stick")).isEqualTo(2);
        assertThat(err.toString()).contains("did you mean stock?");
    }

    private void levels(NodeProcesses nodes) throws Exception {
        Path log = nodes.node(0).log();
        String debugging = " DEBUG org.apache.ratis.";
        assertThat(Files.readString(log)).contains("INFO dev.lockstep.").doesNotContain(debugging);
        assertThat(run(nodes, "log", "level", "org.apache.ratis", "debug", "--node", "n1"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .isEqualToNormalizingNewlines("Node n1: the level of org.apache.ratis is debug, and was error\n");
        Eventually.holds("n1 logs what Ratis does", () -> Files.readString(log).contains(debugging));
        assertThat(run(nodes, "log", "level", "org.apache.ratis", "default", "--json"))
                .isZero();
        assertThat(out.toString())
                .contains("{\"node\":\"n1\",\"before\":\"debug\"},{\"node\":\"n2\",\"before\":\"error\"}");
        assertThat(run(nodes, "log", "level", "org.apache.ratis", "off")).isZero();
        assertThat(out.toString())
                .contains("Node n1: ", "Node n3: ")
                .contains("was error")
                .doesNotContain("was debug");
        assertThat(run(nodes, "log", "level", "dev.lockstep.audit", "off")).isEqualTo(1);
        assertThat(out.toString()).contains("Node n3@", "The audit log is not switched on or off");
        assertThat(run(nodes, "log", "level", "root", "debgu")).isEqualTo(2);
        assertThat(err.toString()).contains("There is no level \"debgu\"; did you mean debug?");
    }

    private void profile(NodeProcesses nodes) throws IOException {
        Path file = home.resolve("n2.jfr");
        assertThat(run(nodes, "profile", "n2", "--duration", "1s", "--file", file.toString()))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("Node n2 records for 1s", "The recording of node n2 is in " + file);
        assertThat(RecordingFile.readAllEvents(file)).isNotEmpty();
        assertThat(run(nodes, "profile", "n2", "--duration", "1s", "--file", file.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("There is a file " + file + " already");
        assertThat(run(nodes, "profile", "n9")).isEqualTo(2);
        assertThat(err.toString()).contains("There is no node n9; the cluster has n1");
        assertThat(run(nodes, "profile", "n2", "--duration", "11m")).isEqualTo(2);
        assertThat(err.toString()).contains("from 1s to 10m");
    }

    private void bundle(NodeProcesses nodes) throws Exception {
        NodeProcess.kill(List.of(nodes.node(2)));
        // It may have led all shards, so that all slow writes until now are in its log alone.
        Eventually.holds("a node that is left logs a slow write", () -> {
            fill(nodes);
            return (Files.readString(nodes.node(0).log())
                            + Files.readString(nodes.node(1).log()))
                    .contains("Slow write: ");
        });
        assertThat(run(nodes, "log", "level", "org.apache.ratis", "default")).isEqualTo(1);
        assertThat(out.toString())
                .contains("Node n1: the level of org.apache.ratis is default, and was off", "Node n2: ")
                .containsPattern("Node n3@.* does not answer");
        Path file = home.resolve("bundle.zip");
        assertThat(run(nodes, "support-bundle", "--file", file.toString()))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("Asking node n3", "All is in " + file + "; 4 parts could not be had");
        Map<String, String> parts = parts(file);
        assertThat(parts).containsKey("README.txt");
        assertThat(parts.get("cluster/status.txt")).contains("2 of 3 nodes up");
        assertThat(parts.get("cluster/doctor.txt")).contains("n3");
        assertThat(parts.get("cluster/caches.txt")).contains("20  stock");
        assertThat(parts.get("nodes/n1/meters.txt")).contains("lockstep_cache_puts_total{cache=\"stock\"}");
        assertThat(parts.get("nodes/n2/threads.txt")).contains("\"lockstep-node\"");
        assertThat(parts.get("nodes/n2/settings.txt")).contains("node.id: n2", "shards: 4");
        assertThat(parts.get("nodes/n2/jvm.txt")).contains("java: ");
        // What a node logs is in it.
        assertThat(parts.get("nodes/n1/output.txt") + parts.get("nodes/n2/output.txt"))
                .containsPattern(
                        "Slow write: cache stock, shard .* ms until the log here had it, \\d+ ms until a majority had it, ");
        assertThat(parts.get("nodes/n3/threads.txt")).startsWith("It could not be had: Node n3");
        assertThat(parts.values()).noneMatch(part -> part.contains("item-"));
    }

    private static Map<String, String> parts(Path file) throws IOException {
        Map<String, String> parts = new TreeMap<>();
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(file))) {
            for (ZipEntry part = in.getNextEntry(); part != null; part = in.getNextEntry()) {
                parts.put(part.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return parts;
    }

    /** As on a disk that is full: no file of this process may have more than four kibibytes. */
    private void bundleWithoutSpace(NodeProcesses nodes) throws Exception {
        Path file = home.resolve("too-large.zip");
        Process command = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        "bash",
                                        "-c",
                                        "ulimit -f 4 && exec \"$@\"",
                                        "bash",
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-XX:-UsePerfData",
                                        "-cp",
                                        NodeProcesses.currentClassPath(),
                                        CliMain.class.getName()),
                                Stream.of(words(nodes, "support-bundle", "--file", file.toString())))
                        .toList())
                .redirectErrorStream(true)
                .start();
        String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(command.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(command.exitValue()).as(said).isEqualTo(1);
        assertThat(said).contains(file + " could not be written, and is removed: ");
        assertThat(file).doesNotExist();
    }
}
