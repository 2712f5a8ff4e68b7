package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three node processes, of which one is drained, restarted, and undrained, and what the commands tell of it. */
class NodeIT {

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private NodeProcesses nodes;

    private int run(String... arguments) {
        return runCommand(Stream.concat(Stream.of("node"), Stream.of(arguments)));
    }

    private int status() {
        return runCommand(Stream.of("status"));
    }

    private int runCommand(Stream<String> words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] all = Stream.concat(words, Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new);
        return CliMain.run(all, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    /** Returns the line of a node, its columns parted by single spaces. */
    private String listed(String node) {
        assertThat(run("list")).as(err.toString()).isZero();
        return out.toString()
                .lines()
                .filter(line -> line.startsWith(node + " "))
                .findFirst()
                .orElseThrow()
                .replaceAll(" +", " ");
    }

    @Test
    void aDrainedNodeLeadsNothingEvenAfterARestartUntilThatIsEnded() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 4"));
        try {
            assertThat(listed("n2")).contains(" up 5 ").doesNotContain("drained");
            assertThat(status()).as(out.toString()).isZero();
            assertThat(out.toString())
                    .isEqualToIgnoringNewLines("Cluster processes: 3 of 3 nodes up, 4 shards, all served");
            assertThat(run("drain", "n2")).as(err.toString()).isZero();
            assertThat(out.toString()).contains("Node n2 is drained", "lockstep node undrain n2");
            assertThat(listed("n2")).endsWith(" up, drained 5 0");
            assertThat(run("drain", "n2")).isZero();
            assertThat(run("drain", "n1")).isEqualTo(2);
            assertThat(err.toString()).contains("Node n2 is drained", "lockstep node undrain n2");
            assertThat(run("undrain", "n1")).isEqualTo(2);
            assertThat(run("drain", "n4")).isEqualTo(2);
            assertThat(err.toString()).contains("There is no node n4", "n1@");

            NodeProcess drained = nodes.nodes().get(1);
            drained.close();
            Eventually.holds("n2 is down", () -> listed("n2").contains("no answer, drained"));
            drained.restart();
            drained.awaitReady();
            Eventually.holds("n2 leads nothing", () -> listed("n2").endsWith(" up, drained 5 0"));
            assertThat(run("list", "--json")).isZero();
            assertThat(out.toString())
                    .startsWith("[{")
                    .containsPattern("\"node\":\"n2\",.*\"answers\":true,\"drained\":true,\"replicas\":5,\"leads\":0}");

            assertThat(status()).isEqualTo(3);
            assertThat(out.toString()).contains("all served", "Node n2 is drained");
            assertThat(run("undrain", "n2")).isZero();
            assertThat(run("undrain", "n2")).isZero();
            Eventually.holds("n2 leads again", () -> !listed("n2").endsWith(" 0"));
        } finally {
            nodes.close();
        }
    }

    @Test
    void aNodeIsNotDrainedWhileAnotherIsDown() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 1"));
        try {
            nodes.nodes().get(2).close();
            assertThat(run("drain", "n1")).isEqualTo(2);
            assertThat(err.toString())
                    .contains("Nothing was done", "the control group (1 of 3), shard 0 (1 of 3)", "--force");
            assertThat(listed("n1")).doesNotContain("drained");
            assertThat(status()).isEqualTo(3);
            assertThat(out.toString())
                    .contains("2 of 3 nodes up", "Node n3@", "does not answer", "Shard 0 has 2 of 3 replicas intact");
            assertThat(run("drain", "n1", "--force")).as(err.toString()).isZero();
            assertThat(listed("n1")).endsWith(" up, drained 2 0");
        } finally {
            nodes.close();
        }
    }
}
