package dev.lockstep.cluster.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of node processes on loopback, each in a JVM of its own. Not thread-safe. Closing it ends every process that it
 * started.
 */
public final class NodeProcesses implements AutoCloseable {

    /** The program that users start. */
    public static final String PROGRAM = "dev.lockstep.cluster.node.NodeMain";

    private final List<NodeProcess> nodes;

    private NodeProcesses(List<NodeProcess> nodes) {
        this.nodes = nodes;
    }

    /** Starts {@code count} nodes with this JVM's class path and waits until each can serve. */
    public static NodeProcesses start(Path home, int count) throws IOException {
        return start(home, count, currentClassPath());
    }

    /**
     * Starts {@code count} nodes and waits until each can serve.
     *
     * @param home gets a folder for each node, with its configuration, its log and its data
     * @param classPath of the node processes
     */
    public static NodeProcesses start(Path home, int count, String classPath) throws IOException {
        return start(home, MemberPorts.reserve(count), "", classPath);
    }

    /** Starts nodes with this JVM's class path, at ports of their own, with further lines of configuration. */
    public static NodeProcesses start(Path home, int count, List<String> settings) throws IOException {
        return start(
                home, MemberPorts.reserve(count), String.join(System.lineSeparator(), settings), currentClassPath());
    }

    /** Likewise, each with further settings of the node itself, such as {@code checkpoint-entries: 100}. */
    public static NodeProcesses start(Path home, int count, String ofEachNode, List<String> settings)
            throws IOException {
        return start(home, count, id -> ofEachNode, settings);
    }

    /** Likewise, with what each node's id gives. */
    public static NodeProcesses start(Path home, int count, UnaryOperator<String> ofNode, List<String> settings)
            throws IOException {
        List<MemberPorts> members = MemberPorts.reserve(count);
        return startWith(
                home,
                members,
                id -> configuration(id, members, String.join(System.lineSeparator(), settings))
                        .replace("data: data", "data: data, " + ofNode.apply(id)),
                currentClassPath(),
                PROGRAM,
                Map.of());
    }

    /** Likewise, at the ports given, with further lines of configuration. */
    public static NodeProcesses start(Path home, List<MemberPorts> members, String settings, String classPath)
            throws IOException {
        return start(home, members, id -> members, settings, classPath);
    }

    /** Likewise; {@code seen} are the members as a node shall see them, itself at its own ports. */
    public static NodeProcesses start(
            Path home,
            List<MemberPorts> members,
            Function<String, List<MemberPorts>> seen,
            String settings,
            String classPath)
            throws IOException {
        return start(home, members, seen, settings, classPath, PROGRAM);
    }

    /** Likewise, each with its Raft logs in a folder of their own. */
    public static NodeProcesses start(
            Path home, List<MemberPorts> members, String settings, String classPath, Function<String, Path> raftLogs)
            throws IOException {
        return startWith(
                home,
                members,
                id -> configuration(id, members, settings)
                        .replace("data: data", "data: data, raft-log-dir: \"" + raftLogs.apply(id) + "\""),
                classPath,
                PROGRAM,
                Map.of());
    }

    /** Likewise, as another program than the one that users start. */
    public static NodeProcesses start(
            Path home,
            List<MemberPorts> members,
            Function<String, List<MemberPorts>> seen,
            String settings,
            String classPath,
            String program)
            throws IOException {
        return startWith(
                home, members, id -> configuration(id, seen.apply(id), settings), classPath, program, Map.of());
    }

    /**
     * Starts nodes with this JVM's class path and waits until each can serve.
     *
     * @param yaml the configuration of each
     * @param environment variables that they get besides this JVM's
     */
    public static NodeProcesses start(
            Path home, List<MemberPorts> members, Function<String, String> yaml, Map<String, String> environment)
            throws IOException {
        return startWith(home, members, yaml, currentClassPath(), PROGRAM, environment);
    }

    /** Starts some of the members of a cluster without waiting: for its first start all have to be there. */
    public static NodeProcesses begin(
            Path home, List<MemberPorts> some, List<MemberPorts> members, String settings, String classPath)
            throws IOException {
        return beginWith(home, some, id -> configuration(id, members, settings), classPath, PROGRAM, Map.of());
    }

    private static NodeProcesses startWith(
            Path home,
            List<MemberPorts> members,
            Function<String, String> yaml,
            String classPath,
            String program,
            Map<String, String> environment)
            throws IOException {
        NodeProcesses cluster = beginWith(home, members, yaml, classPath, program, environment);
        try {
            for (NodeProcess node : cluster.nodes) {
                node.awaitReady();
            }
            return cluster;
        } catch (IOException | RuntimeException failure) {
            cluster.close();
            throw failure;
        }
    }

    private static NodeProcesses beginWith(
            Path home,
            List<MemberPorts> members,
            Function<String, String> yaml,
            String classPath,
            String program,
            Map<String, String> environment)
            throws IOException {
        List<NodeProcess> nodes = new ArrayList<>();
        NodeProcesses cluster = new NodeProcesses(nodes);
        try {
            for (MemberPorts member : members) {
                nodes.add(NodeProcess.start(
                        member, home.resolve(member.id()), yaml.apply(member.id()), classPath, program, environment));
            }
            return cluster;
        } catch (IOException | RuntimeException failure) {
            cluster.close();
            throw failure;
        }
    }

    /**
     * The configuration of one node, where {@code members} are as that node shall see them. {@code
     * -Dlockstep-test.raft-log=direct} (or {@code ratis}) runs what starts nodes with that log.
     */
    public static String configuration(String id, List<MemberPorts> members, String settings) {
        String memberLines = members.stream()
                .map(member -> "  - {id: %s, address: \"127.0.0.1:%d\"}%n".formatted(member.id(), member.port()))
                .collect(Collectors.joining());
        String raftLog = raftLog();
        return "cluster: processes%nnode: {id: %s, data: data, %selection-timeout: 300ms}%nmembers:%n%s%s%n"
                .formatted(id, raftLog == null ? "" : "raft-log: " + raftLog + ", ", memberLines, settings);
    }

    /** The log that nodes are started with; null for the default. */
    public static @Nullable String raftLog() {
        return System.getProperty("lockstep-test.raft-log");
    }

    /** The class path of this JVM, also when it was started by Surefire. */
    public static String currentClassPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /**
     * Starts one more node, which finds the others by their addresses and waits to be added.
     *
     * @param home gets a folder for it
     * @param settings further lines of its configuration
     */
    public NodeProcess startAnother(Path home, MemberPorts member, String settings) throws IOException {
        List<MemberPorts> known = Stream.concat(nodes.stream().map(NodeProcess::member), Stream.of(member))
                .toList();
        NodeProcess node = NodeProcess.start(
                member,
                home.resolve(member.id()),
                configuration(member.id(), known, settings),
                currentClassPath(),
                PROGRAM,
                Map.of());
        nodes.add(node);
        return node;
    }

    /**
     * Starts all nodes again, which have ended, at other ports than before, and waits until each can serve.
     *
     * @param home that of the cluster
     * @param moved the nodes in their order, with their new ports
     */
    public void startElsewhere(Path home, List<MemberPorts> moved) throws IOException {
        for (int i = 0; i < moved.size(); i++) {
            MemberPorts member = moved.get(i);
            nodes.set(
                    i,
                    NodeProcess.start(
                            member,
                            home.resolve(member.id()),
                            configuration(member.id(), moved, ""),
                            currentClassPath(),
                            PROGRAM,
                            Map.of()));
        }
        for (NodeProcess node : nodes) {
            node.awaitReady();
        }
    }

    public List<NodeProcess> nodes() {
        return List.copyOf(nodes);
    }

    public NodeProcess node(int index) {
        return nodes.get(index);
    }

    /** SIGTERM to all nodes at once; {@link #makeWhole} starts them again. */
    public void stop() {
        NodeProcess.close(nodes);
    }

    /** Starts again what was stopped or killed, and waits until every node can serve. Not for one that is frozen. */
    public void makeWhole() throws IOException {
        for (NodeProcess node : nodes) {
            if (!node.isRunning()) {
                node.restart();
            }
        }
        for (NodeProcess node : nodes) {
            node.awaitReady();
        }
    }

    /** The {@code host:port} of every node, separated by commas. */
    public String addresses() {
        return nodes.stream().map(node -> "127.0.0.1:" + node.member().port()).collect(Collectors.joining(","));
    }

    /** The URI of a client's CacheManager. */
    public URI uri() {
        return URI.create("lockstep://" + addresses().replace(',', ';') + "/processes");
    }

    @Override
    public void close() {
        stop();
    }
}
