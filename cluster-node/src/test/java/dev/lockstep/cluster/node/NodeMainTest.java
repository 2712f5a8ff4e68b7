package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeMainTest {

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Path config) throws InterruptedException {
        return NodeMain.run(config, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private int runWith(String yaml) throws IOException, InterruptedException {
        Path file = home.resolve("lockstep.yaml");
        Files.writeString(file, yaml);
        return run(file);
    }

    private static String configuration(int port) {
        return "node: {id: n1, data: data}\nmembers:\n  - {id: n1, address: \"127.0.0.1:%d\"}\nshards: 1\n"
                .formatted(port);
    }

    /** Returns a port that was free a moment ago. */
    private static int freePort() throws IOException {
        try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return held.getLocalPort();
        }
    }

    @Test
    void aWrongConfigurationIsRefusedWithItsPlace() throws Exception {
        assertThat(runWith("cluster: c\nshard: 3\n")).isEqualTo(2);
        assertThat(err.toString()).contains("lockstep.yaml:2:8: unknown key \"shard\"; did you mean \"shards\"");
    }

    @Test
    void aConfigurationWithoutANodeOrAFileIsRefused() throws Exception {
        assertThat(runWith("cluster: c\n")).isEqualTo(2);
        assertThat(run(home.resolve("none.yaml"))).isEqualTo(2);
        assertThat(err.toString()).contains("\"node\" is missing", "none.yaml");
    }

    @Test
    void anAddressBeyondThisMachineNeedsASayingSo() throws Exception {
        String yaml = "node: {id: a}\nmembers:\n  - {id: a, address: \"0.0.0.0:7400\"}\n";
        assertThat(runWith(yaml)).isEqualTo(2);
        assertThat(err.toString()).contains("lockstep.yaml:3:", "insecure: true");
    }

    @Test
    void aFolderThatCantBeUsedIsNamed() throws Exception {
        Path file = Files.writeString(home.resolve("no-folder"), "");
        assertThat(runWith(configuration(freePort()).replace("data: data", "data: data, raft-log-dir: no-folder")))
                .isEqualTo(1);
        assertThat(err.toString()).contains("The node could not be started", file.toString());
    }

    @Test
    void anUnusableFolderIsNamedWithItsPurposeAndTheReason() throws Exception {
        assertThat(runWith(configuration(freePort()).replace("data: data", "data: /proc/nope")))
                .isEqualTo(1);
        assertThat(err.toString()).contains("data folder of node n1, /proc/nope, can't be used");
    }

    @Test
    void anUnknownHostIsNamed() throws Exception {
        assertThat(runWith(configuration(freePort()).replace("127.0.0.1", "nosuchhost.invalid") + "insecure: true\n"))
                .isEqualTo(1);
        assertThat(err.toString())
                .contains("nosuchhost.invalid", "no machine of that name")
                .doesNotContain("null");
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(runWith(configuration(taken.getLocalPort()))).isEqualTo(1);
            assertThat(err.toString()).contains("127.0.0.1:" + taken.getLocalPort());
        }
    }
}
