package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dev} as a process, with its nodes and its shell, and operators in another terminal. */
class DevIT {

    private static final int MOST_NODES = 4;

    @TempDir
    Path home;

    private final List<Process> started = new ArrayList<>();
    private final List<ProcessHandle> nodes = new ArrayList<>();
    private final StringWriter out = new StringWriter();

    @AfterEach
    void endProcesses() throws Exception {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        nodes.forEach(ProcessHandle::destroyForcibly); // those that a failing dev has left behind
    }

    /** Returns the first of a row of ports that were free a moment ago. */
    private static int firstPort() {
        while (true) {
            List<Integer> ports = MemberPorts.freePorts(MOST_NODES);
            if (ports.get(MOST_NODES - 1) == ports.get(0) + MOST_NODES - 1) {
                return ports.get(0);
            }
        }
    }

    private Process dev(ProcessBuilder.Redirect input, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of("-cp", NodeProcesses.currentClassPath(), "dev.lockstep.cli.CliMain", "dev"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(input)
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("printed").toFile());
        // For the nodes too.
        builder.environment().put("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -Djava.io.tmpdir=" + home);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private String printed() throws IOException {
        return Files.readString(home.resolve("printed"));
    }

    private void prints(String text) throws Exception {
        Eventually.holds(
                () -> {
                    try {
                        return "\"" + text + "\" in: " + printed();
                    } catch (IOException failure) {
                        return failure.toString();
                    }
                },
                () -> printed().contains(text));
    }

    private static void type(Process dev, String line) throws IOException {
        dev.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        dev.getOutputStream().flush();
    }

    /** Runs a command as in another terminal. */
    private int run(String servers, String... words) {
        out.getBuffer().setLength(0);
        PrintWriter writer = new PrintWriter(out, true);
        return CliMain.run(
                Stream.concat(Stream.of(words), Stream.of("--servers", servers)).toArray(String[]::new),
                writer,
                writer);
    }

    private ProcessHandle node(String id) throws IOException {
        Matcher row = Pattern.compile(" " + id + " .*pid (\\d+) ").matcher(printed());
        assertThat(row.find()).as(printed()).isTrue();
        ProcessHandle node = ProcessHandle.of(Long.parseLong(row.group(1))).orElseThrow();
        nodes.add(node);
        return node;
    }

    @Test
    void threeNodesAreOperatedFromTheShellAndFromAnotherTerminal() throws Exception {
        int port = firstPort();
        Path folder = home.resolve("folder");
        Process dev = dev(ProcessBuilder.Redirect.PIPE, folder.toString(), "--port", Integer.toString(port));
        prints("\"exit\" ends all nodes");
        String servers = "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d".formatted(port, port + 1, port + 2);
        assertThat(printed()).contains("--servers " + servers, "lockstep://" + servers.replace(',', ';') + "/lockstep");
        node("n1");
        ProcessHandle second = node("n2");
        ProcessHandle third = node("n3");
        type(dev, "status");
        prints("Cluster lockstep: 3 of 3 nodes up");
        type(dev, "top");
        prints("CACHE ");
        assertThat(printed()).containsPattern("\nn1 .*\nn2 .*\nn3 .* MiB").doesNotContain("does not measure");

        type(dev, "start");
        prints("Node n4 waits until: node add n4@127.0.0.1:" + (port + 3));
        node("n4");
        assertThat(run(servers, "node", "add", "n4@127.0.0.1:" + (port + 3)))
                .as(out.toString())
                .isZero();
        assertThat(run(servers, "status")).as(out.toString()).isZero();
        assertThat(out.toString()).contains("4 of 4 nodes up");

        second.destroyForcibly();
        prints("Node n2 (pid " + second.pid() + ") has ended with exit code 137");
        Eventually.holds(() -> "all is served: " + out, () -> run(servers, "status") == 3);
        assertThat(out.toString()).contains("3 of 4 nodes up", "Node n2@127.0.0.1:" + (port + 1) + " does not answer");
        type(dev, "restart n2");
        prints("Node n2 is ready");
        Eventually.holds(() -> "the cluster is whole: " + out, () -> run(servers, "status") == 0);
        type(dev, "kill n3");
        prints("Node n3 (pid " + third.pid() + ") is killed");

        nodes.addAll(dev.children().toList());
        type(dev, "exit");
        assertThat(dev.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(dev.exitValue()).isZero();
        assertThat(nodes).noneMatch(ProcessHandle::isAlive);
        assertThat(folder).isDirectoryContaining("glob:**/n5.yaml");
        assertThat(printed()).doesNotContain("Node n3 (pid " + third.pid() + ") has ended");
    }

    @Test
    void withoutInputItRunsUntilItIsTerminatedAndLeavesNothing() throws Exception {
        Process dev = dev(
                ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()),
                "--nodes",
                "1",
                "--port",
                Integer.toString(firstPort()));
        prints("Runs until");
        ProcessHandle node = node("n1");
        assertThat(home).isDirectoryContaining("glob:**/lockstep-dev*");

        dev.destroy();
        assertThat(dev.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(node.isAlive()).isFalse();
        assertThat(home).isDirectoryNotContaining("glob:**/lockstep-dev*");
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        int port = firstPort();
        try (ServerSocket taken = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress())) {
            Process dev = dev(ProcessBuilder.Redirect.PIPE, "--port", Integer.toString(port));

            assertThat(dev.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(dev.exitValue()).isEqualTo(2);
            assertThat(printed())
                    .contains("Port " + taken.getLocalPort() + ", which node n2 is to have, is in use", "--port");
        }
    }
}
