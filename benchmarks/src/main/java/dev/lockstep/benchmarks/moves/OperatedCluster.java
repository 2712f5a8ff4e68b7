package dev.lockstep.benchmarks.moves;

import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.node.NodeMain;
import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Node processes with the settings of a product, except for the number of shards, operated by the commands of operators. Not thread-safe. */
final class OperatedCluster implements AutoCloseable {

    private static final String NAME = "bench";
    private static final int FIRST = 3;
    /**
     * As much heap as a million entries need (of what the machine has, a node takes half by default, and here are four), with the
     * collector that a JVM takes by itself for that, in place of the tests' own, which stops a node of this size for seconds.
     */
    private static final Map<String, String> HEAP =
            Map.of("_JAVA_OPTIONS", "-Xms2g -Xmx2g -XX:-UseSerialGC -XX:+UseG1GC");

    private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(10);
    static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long PAUSE_MILLIS = 100;

    private final Path home;
    private final int shards;
    private final List<MemberPorts> free = new ArrayList<>(MemberPorts.reserve(FIRST + 2));
    private final List<NodeProcess> nodes = new ArrayList<>();
    private final Clients clients;
    private final Session session;

    /** Starts three nodes, and waits until each can serve. */
    OperatedCluster(Path home, int shards) throws IOException {
        this.home = home;
        this.shards = shards;
        List<MemberPorts> first = List.copyOf(free.subList(0, FIRST));
        try {
            for (MemberPorts member : first) {
                start(member, first);
            }
            for (NodeProcess node : nodes) {
                node.awaitReady();
            }
            this.clients = new Clients(NAME, addresses(), CLIENT_TIMEOUT);
            this.session = clients.open();
        } catch (IOException | RuntimeException failure) {
            nodes.forEach(NodeProcess::kill);
            throw failure;
        }
    }

    private NodeProcess start(MemberPorts member, List<MemberPorts> members) throws IOException {
        String lines = members.stream()
                .map(each -> "  - {id: %s, address: \"127.0.0.1:%d\"}%n".formatted(each.id(), each.port()))
                .collect(Collectors.joining());
        String yaml = "cluster: %s%nnode: {id: %s, data: data}%nmembers:%n%sshards: %d%n"
                .formatted(NAME, member.id(), lines, shards);
        NodeProcess node = NodeProcess.start(
                member,
                home.resolve(member.id()),
                yaml,
                NodeProcesses.currentClassPath(),
                NodeMain.class.getName(),
                HEAP);
        free.remove(member);
        nodes.add(node);
        return node;
    }

    /** Starts another node, and makes it a member. Returns when it hosts its share. */
    NodeProcess join() throws IOException, InterruptedException {
        MemberPorts member = free.get(0);
        List<MemberPorts> known = Stream.concat(nodes.stream().map(NodeProcess::member), Stream.of(member))
                .toList();
        NodeProcess node = start(member, known);
        operate("node", "add", member.id() + "@127.0.0.1:" + member.port());
        awaitWhole();
        return node;
    }

    /** Returns when it leads nothing. */
    void drain(NodeProcess node) {
        operate("node", "drain", node.member().id());
    }

    /** Returns when no other node leads more than its share. */
    void undrain(NodeProcess node) throws InterruptedException {
        operate("node", "undrain", node.member().id());
        awaitBalance();
    }

    /** Starts a node again that was killed. Returns when nothing is missing any more. */
    void restart(NodeProcess node) throws IOException, InterruptedException {
        node.restart();
        awaitWhole();
    }

    /** Removes a node that was killed for good. Returns when the others have all replicas. */
    void remove(NodeProcess node) throws InterruptedException {
        nodes.remove(node);
        operate("node", "remove", node.member().id());
        awaitWhole();
    }

    private void operate(String... words) {
        StringWriter output = new StringWriter();
        int code = run(output, words);
        if (code != 0) {
            throw new IllegalStateException(
                    "lockstep " + String.join(" ", words) + " ended with exit code " + code + ": " + output);
        }
    }

    private int run(StringWriter output, String... words) {
        PrintWriter writer = new PrintWriter(output, true);
        return CliMain.run(
                Stream.concat(Stream.of(words), Stream.of("--cluster", NAME, "--servers", addresses()))
                        .toArray(String[]::new),
                writer,
                writer);
    }

    /** The addresses of the nodes that run. */
    private String addresses() {
        return nodes.stream()
                .filter(NodeProcess::isRunning)
                .map(node -> "127.0.0.1:" + node.member().port())
                .collect(Collectors.joining(","));
    }

    /** Waits until {@code lockstep status} finds nothing that is missing or under way. */
    private void awaitWhole() throws InterruptedException {
        StringWriter output = new StringWriter();
        await(output, () -> {
            output.getBuffer().setLength(0);
            return run(output, "status") == 0;
        });
    }

    /** Waits until no node leads more than its share, from where on leaderships stay where they are. */
    void awaitBalance() throws InterruptedException {
        await("The leaderships are not balanced", () -> {
            Layout layout = session.currentView().join().layout();
            Map<String, List<Integer>> leads = leads();
            return leads.size() == nodes.size()
                    && leads.entrySet().stream()
                            .allMatch(node -> node.getValue().size() <= share(layout, node.getKey()));
        });
    }

    /** The number of groups that a node leads when each is led by its hosts in turn, rounded up. */
    private static int share(Layout layout, String node) {
        double share = layout.groups()
                .mapToObj(layout::hostsOf)
                .filter(hosts -> hosts.contains(new NodeId(node)))
                .mapToDouble(hosts -> 1.0 / hosts.size())
                .sum();
        return (int) Math.ceil(share - 1e-9);
    }

    /** Waits until that holds, and fails with what keeps it from doing so. */
    static void await(Object lacking, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("After " + PATIENCE + ": " + lacking);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    /** The groups that each node that answers leads, by its name. */
    private Map<String, List<Integer>> leads() {
        Map<String, List<Integer>> leads = new HashMap<>();
        session.replicas()
                .join()
                .forEach((member, replicas) -> leads.put(
                        member.id().name(),
                        replicas.stream()
                                .filter(ReplicaStatus::leads)
                                .map(ReplicaStatus::group)
                                .toList()));
        return leads;
    }

    /** The node that leads most groups of those that are not excluded. */
    NodeProcess leadsMost(Collection<NodeProcess> excluded) {
        Map<String, List<Integer>> leads = leads();
        return nodes.stream()
                .filter(node -> !excluded.contains(node))
                .max(Comparator.comparingInt(node ->
                        leads.getOrDefault(node.member().id(), List.of()).size()))
                .orElseThrow();
    }

    /** The shards that a node leads. */
    List<Integer> shardsLedBy(NodeProcess node) {
        return leads().getOrDefault(node.member().id(), List.of()).stream()
                .filter(group -> group != ShardMap.CONTROL_GROUP)
                .toList();
    }

    /** The number of shards that a node hosts. */
    int hosts(NodeProcess node) {
        return (int) session.currentView().join().map().replicas().stream()
                .filter(hosts -> hosts.stream()
                        .anyMatch(host -> host.name().equals(node.member().id())))
                .count();
    }

    Session session() {
        return session;
    }

    @Override
    public void close() {
        clients.close();
        // They are not needed any more, and would hand their leaderships over to each other.
        NodeProcess.kill(nodes);
        Progress.tell("the cluster has ended");
    }
}
