package dev.lockstep.system.elastic;

import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.EarlierNode;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of processes that begins with one node and is operated by the commands of operators. Not thread-safe, except for the
 * commands.
 */
final class ElasticCluster implements AutoCloseable {

    private static final String NAME = "processes";
    private static final int SHARDS = 4;
    /** The nodes that clients are told of at their start: the first ones, which need not run yet, nor any more. */
    private static final int SEEDS = 5;

    private static final Duration DONE_WITHIN = Duration.ofSeconds(90);
    private static final long PAUSE_MILLIS = 100;
    private static final int KILLED = 128 + 9;

    private final Path home;
    private final List<MemberPorts> seeds = MemberPorts.reserve(SEEDS);
    private final List<NodeProcess> nodes = new ArrayList<>();
    private final AtomicInteger restarts = new AtomicInteger();
    private int started;
    /** The version of Lockstep that nodes are started as. */
    private String program = EarlierNode.class.getName();

    /** Starts the first node, and waits until it can serve. */
    ElasticCluster(Path home) throws IOException {
        this.home = home;
        start().awaitReady();
    }

    /** Starts a node, which forms the cluster if it is the first, and otherwise waits to be added. */
    NodeProcess start() throws IOException {
        MemberPorts member = started < SEEDS
                ? seeds.get(started)
                : new MemberPorts("n" + (started + 1), MemberPorts.freePorts(1).get(0));
        started++;
        List<MemberPorts> known = Stream.concat(nodes.stream().map(NodeProcess::member), Stream.of(member))
                .toList();
        // Few entries, so that nodes that join are sent checkpoints.
        String yaml = NodeProcesses.configuration(member.id(), known, "shards: " + SHARDS)
                .replace("data: data", "data: data, checkpoint-entries: 200");
        NodeProcess node = NodeProcess.start(
                member, home.resolve(member.id()), yaml, NodeProcesses.currentClassPath(), program, Map.of());
        nodes.add(node);
        return node;
    }

    /** The URI that a client connects to; each client asks another node first. */
    URI uri(int client, Duration timeout) {
        String servers = Stream.concat(
                        seeds.stream().skip(client % SEEDS), seeds.stream().limit(client % SEEDS))
                .map(member -> "127.0.0.1:" + member.port())
                .collect(Collectors.joining(","));
        return URI.create("lockstep://" + servers + "?cluster=" + NAME + "&timeout=" + timeout.toMillis() + "ms");
    }

    /** The nodes that have been started, and were not removed. */
    List<NodeProcess> nodes() {
        return List.copyOf(nodes);
    }

    NodeProcess node(NodeId id) {
        return nodes.stream()
                .filter(node -> node.member().id().equals(id.name()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Node " + id + " is unknown"));
    }

    /** The addresses of the nodes that run. */
    String addresses() {
        return nodes.stream()
                .filter(NodeProcess::isRunning)
                .map(node -> "127.0.0.1:" + node.member().port())
                .collect(Collectors.joining(","));
    }

    // Operating it

    /** The command that makes a node a member. */
    List<String> adding(NodeProcess node) {
        return List.of(
                "node",
                "add",
                node.member().id() + "@127.0.0.1:" + node.member().port());
    }

    /** The command that removes a node. */
    List<String> removing(NodeProcess node) {
        return List.of("node", "remove", node.member().id());
    }

    /** The command that moves a replica. */
    List<String> moving(int shard, NodeId from, NodeId to) {
        return List.of("shard", "move", "--shard", Integer.toString(shard), "--from", from.name(), "--to", to.name());
    }

    /** Runs a command that changes the layout, and waits until that has come about. Any thread may. */
    void operate(List<String> command, String servers) {
        StringWriter output = new StringWriter();
        List<String> words = Stream.concat(command.stream(), Stream.of("--timeout", DONE_WITHIN.toSeconds() + "s"))
                .toList();
        int code = run(words, servers, output);
        if (code != 0) {
            throw new AssertionError(
                    "lockstep " + String.join(" ", words) + " ended with exit code " + code + ": " + output);
        }
    }

    /** Likewise, of the nodes that run. */
    void operate(List<String> command) {
        operate(command, addresses());
    }

    private static int run(List<String> words, String servers, StringWriter output) {
        PrintWriter writer = new PrintWriter(output, true);
        String[] all = Stream.concat(words.stream(), Stream.of("--cluster", NAME, "--servers", servers))
                .toArray(String[]::new);
        return CliMain.run(all, writer, writer);
    }

    /** From now on nodes are started as the present version. */
    void beginUpgrade() {
        program = NodeProcesses.PROGRAM;
    }

    /** Raises the version of the cluster, after all nodes were started again, and waits until whichever node is asked knows that. */
    void finishUpgrade() throws Exception {
        ClusterVersion before = layout().clusterVersion();
        StringWriter output = new StringWriter();
        int code = run(List.of("cluster", "finalize"), addresses(), output);
        if (code != 0 || before.equals(ClusterVersion.NEWEST)) {
            throw new AssertionError("lockstep cluster finalize ended with exit code " + code
                    + ", and the version of the cluster was " + before + ": " + output);
        }
        Eventually.holds(
                () -> "the cluster has version " + ClusterVersion.NEWEST + ": " + layout(),
                () -> layout().clusterVersion().equals(ClusterVersion.NEWEST));
    }

    /** Opens a client as operators have one, of the nodes that run. */
    Clients operators() {
        return new Clients(NAME, addresses());
    }

    Layout layout() {
        try (Clients clients = operators()) {
            return clients.open().currentView().join().layout();
        }
    }

    /** The node that leads a group by its own account, of several the one in the highest term; null if there is none. */
    @Nullable
    NodeId leader(Session session, int group) {
        record Leader(NodeId node, long term) {}
        return session.replicas().join().entrySet().stream()
                .flatMap(answer -> answer.getValue().stream()
                        .filter(replica -> replica.group() == group && replica.leads())
                        .map(ReplicaStatus::term)
                        .map(term -> new Leader(answer.getKey().id(), term)))
                .max(Comparator.comparingLong(Leader::term))
                .map(Leader::node)
                .orElse(null);
    }

    /** Waits until {@code lockstep status} finds nothing that is missing or under way. */
    void awaitWhole() throws Exception {
        long deadline = System.nanoTime() + DONE_WITHIN.toNanos();
        StringWriter output = new StringWriter();
        while (run(List.of("status"), addresses(), output) != 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("Not whole within " + DONE_WITHIN.toSeconds() + " s: " + output);
            }
            output.getBuffer().setLength(0);
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    /**
     * Waits until the process of a node that was removed has ended for that reason, and forgets it. One that was killed before need not
     * say why, and one that was restarted only after the removal waits to be added, and is ended here.
     */
    void forget(NodeProcess node) throws Exception {
        long deadline = System.nanoTime() + DONE_WITHIN.toNanos();
        while (node.isRunning() && !Files.readString(node.log()).contains(" has been removed, and waits for")) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("Node " + node.member().id() + " was removed, and goes on; its log:\n"
                        + Files.readString(node.log()));
            }
            Thread.sleep(PAUSE_MILLIS);
        }
        if (node.isRunning()) {
            node.kill();
        }
        int code = node.awaitExit(Duration.ZERO);
        String log = Files.readString(node.log());
        if (code != KILLED && !log.contains("has been removed from cluster")) {
            throw new AssertionError("Node " + node.member().id()
                    + " was removed, and ended for another reason, with exit code " + code + "; its log:\n" + log);
        }
        nodes.remove(node);
    }

    /** SIGTERM, so that it drains itself, and a new start, without waiting until it can serve. */
    void restart(NodeProcess node) throws Exception {
        node.close();
        if (node.awaitExit(Duration.ZERO) == KILLED) {
            throw new AssertionError(
                    "Node " + node.member().id() + " did not stop; its log:\n" + Files.readString(node.log()));
        }
        resume(node);
    }

    /** Starts a node again that has ended, and keeps the log of its last run. */
    void resume(NodeProcess node) throws IOException {
        Files.move(node.log(), node.log().resolveSibling("node-" + restarts.incrementAndGet() + ".log"));
        node.restartAs(program);
    }

    @Override
    public void close() {
        NodeProcess.kill(nodes);
    }
}
