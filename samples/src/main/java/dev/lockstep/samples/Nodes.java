package dev.lockstep.samples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Three nodes on loopback, each a process with a folder for its configuration, its log and its data. Not thread-safe. Closing
 * it ends them.
 */
final class Nodes implements AutoCloseable {

    private static final String CLUSTER = "demo";
    private static final int COUNT = 3;
    private static final Duration READY_WITHIN = Duration.ofSeconds(60);
    private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

    private record Node(String id, Path log, Process process) {}

    private final String addresses;
    private final List<Node> nodes = new ArrayList<>();

    private Nodes(String addresses) {
        this.addresses = addresses;
    }

    /**
     * Starts them and waits until each can serve.
     *
     * @param home gets a folder for each
     */
    static Nodes start(Path home) throws IOException, InterruptedException {
        List<Integer> ports = freePorts();
        Nodes nodes = new Nodes(ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")));
        try {
            for (int i = 1; i <= COUNT; i++) {
                nodes.nodes.add(launch(home, "n" + i, ports));
            }
            for (Node node : nodes.nodes) {
                awaitReady(node);
            }
            return nodes;
        } catch (IOException | InterruptedException | RuntimeException failure) {
            nodes.close();
            throw failure;
        }
    }

    /** Returns ports that were free a moment ago. */
    private static List<Integer> freePorts() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket one = new ServerSocket(0, 1, loopback);
                ServerSocket two = new ServerSocket(0, 1, loopback);
                ServerSocket three = new ServerSocket(0, 1, loopback)) {
            return List.of(one.getLocalPort(), two.getLocalPort(), three.getLocalPort());
        }
    }

    /** Starts a node without the second compiler: that would take half of the processor time of nodes that live for seconds. */
    private static Node launch(Path home, String id, List<Integer> ports) throws IOException {
        Path folder = Files.createDirectories(home.resolve(id));
        Files.writeString(folder.resolve("lockstep.yaml"), configuration(id, ports));
        Path log = folder.resolve("node.log");
        Files.deleteIfExists(log);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.lockstep.cluster.node.NodeMain",
                        "--config",
                        "lockstep.yaml")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Node(id, log, process);
    }

    /** Few shards make full batches, and cost less where three nodes share one machine. */
    private static String configuration(String id, List<Integer> ports) {
        return """
                cluster: %s
                node: {id: %s, data: data, election-timeout: 300ms}
                members:
                  - {id: n1, address: "127.0.0.1:%d"}
                  - {id: n2, address: "127.0.0.1:%d"}
                  - {id: n3, address: "127.0.0.1:%d"}
                shards: 4
                """.formatted(CLUSTER, id, ports.get(0), ports.get(1), ports.get(2));
    }

    /** Waits until the node says that it can serve. */
    private static void awaitReady(Node node) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (!Files.readString(node.log).contains("Lockstep node " + node.id + " ready on ")) {
            if (!node.process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("Node " + node.id + " is not ready; its log:\n" + Files.readString(node.log));
            }
            Thread.sleep(50);
        }
    }

    /** Returns the {@code host:port} of each, separated by commas. */
    String addresses() {
        return addresses;
    }

    /** Returns the URI of a client's CacheManager. */
    URI uri() {
        return URI.create("lockstep://" + addresses.replace(',', ';') + "/" + CLUSTER);
    }

    /** Kills the first node with SIGKILL, and returns its name. */
    String killFirst() throws InterruptedException {
        Node victim = nodes.get(0);
        victim.process.destroyForcibly().waitFor(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        return victim.id;
    }

    @Override
    public void close() throws InterruptedException {
        nodes.forEach(node -> node.process.destroy());
        for (Node node : nodes) {
            if (!node.process.waitFor(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                node.process.destroyForcibly();
            }
        }
    }
}
