package dev.lockstep.cli;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The files of the nodes that {@code dev} runs: of node n1 the configuration {@code n1.yaml}, the log {@code n1.log} and the
 * data in {@code n1}. A configuration that is there is never changed, so that it can be edited.
 */
record DevFolder(Path path) {

    private static final Pattern CONFIGURATION = Pattern.compile("n[1-9]\\d*\\.yaml");
    private static final String CLUSTER = "lockstep"; // which commands assume without --cluster
    private static final int LAST_PORT = 65_535;

    Path configuration(NodeId node) {
        return path.resolve(node + ".yaml");
    }

    Path log(NodeId node) {
        return path.resolve(node + ".log");
    }

    /** Reads which cluster has been started here, by the nodes that have data; empty if there are none. */
    Optional<LoopbackCluster> started() throws IOException {
        List<Settings> nodes = new ArrayList<>();
        for (Path file : configurations()) {
            Settings settings = SettingsReader.fromFile(file);
            if (Files.isDirectory(node(settings, file).data())) {
                nodes.add(settings);
            }
        }
        return nodes.stream()
                .findFirst()
                .map(first -> new LoopbackCluster(
                        first.cluster(), nodes.stream().map(DevFolder::self).toList()));
    }

    private static NodeSettings node(Settings settings, Path file) {
        return settings.node().orElseThrow(() -> new RefusedException(file + " is the configuration of no node"));
    }

    private static Member self(Settings settings) {
        NodeId self = settings.node().orElseThrow().id();
        return settings.members().stream()
                .filter(member -> member.id().equals(self))
                .findFirst()
                .orElseThrow();
    }

    private List<Path> configurations() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(file ->
                            CONFIGURATION.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.comparingInt(DevFolder::number))
                    .toList();
        }
    }

    private static int number(Path configuration) {
        return number(configuration.getFileName().toString().replace(".yaml", ""));
    }

    private static int number(String node) {
        return Integer.parseInt(node.substring(1));
    }

    /** Writes the configurations of a new cluster, with successive ports. */
    LoopbackCluster create(int nodes, int firstPort) throws IOException {
        if (nodes < 1) {
            throw new RefusedException("--nodes: a cluster has at least one node");
        }
        if (firstPort < 1 || firstPort + nodes > LAST_PORT) {
            throw new RefusedException("--port: " + firstPort + " is no first port of " + nodes
                    + " nodes and one that may be added; they have to be between 1 and " + LAST_PORT);
        }
        LoopbackCluster cluster = LoopbackCluster.of(
                CLUSTER, IntStream.range(firstPort, firstPort + nodes).boxed().collect(Collectors.toList()));
        for (Member member : cluster.members()) {
            write(cluster, member.id());
        }
        return cluster;
    }

    private void write(LoopbackCluster cluster, NodeId node) throws IOException {
        if (!Files.exists(configuration(node))) {
            Files.writeString(configuration(node), cluster.configuration(node, node.name(), true));
        }
    }

    /** Names the node after the one with the highest number, at the port after its, and writes its configuration. */
    Member next() throws IOException {
        LoopbackCluster cluster = started().orElseThrow();
        Member last = cluster.members().get(cluster.members().size() - 1);
        NodeId next = new NodeId("n" + (number(last.id().name()) + 1));
        write(cluster.with(new Member(next, last.host(), last.port() + 1)), next);
        return self(SettingsReader.fromFile(configuration(next)));
    }

    /** Gives nodes their folders of data, by which they count as started, and writes the configuration of the next one. */
    void use(Collection<Member> members) throws IOException {
        for (Member member : members) {
            Path file = configuration(member.id());
            Files.createDirectories(node(SettingsReader.fromFile(file), file).data());
        }
        next();
    }

    /** Deletes everything that is there. */
    void delete() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(path)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
