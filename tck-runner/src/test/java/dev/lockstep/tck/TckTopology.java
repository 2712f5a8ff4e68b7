package dev.lockstep.tck;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.netty.Certificates;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Prepares the topology that the TCK is to be run against: starts the node processes, which end with this JVM, and writes the
 * {@code lockstep.yaml} that the JVM of the tests finds on its class path.
 */
public final class TckTopology {

    private static final String SETTINGS = "shards: 4";

    private final Path reports;
    private final Path build;
    /** Null without encryption. */
    private final @Nullable Certificates certificates;

    private TckTopology(Path reports, Path build, boolean encrypted) throws IOException, GeneralSecurityException {
        this.reports = reports;
        this.build = build;
        clean();
        this.certificates = encrypted ? new Certificates(home().resolve("certificates")) : null;
    }

    /**
     * @param arguments the topology's name ({@code embedded}, {@code cluster} or {@code client}), the folder of the reports,
     *     which is emptied, the module's build folder, and the security of connections ({@code none}, or {@code mutual} for TLS
     *     with certificates on both ends)
     * @throws IllegalArgumentException for an unknown topology or security
     */
    public static void main(String... arguments) throws Exception {
        if (!Set.of("none", "mutual").contains(arguments[3])) {
            throw new IllegalArgumentException(
                    "There is no security \"" + arguments[3] + "\": none and mutual are there");
        }
        TckTopology topology =
                new TckTopology(Path.of(arguments[1]), Path.of(arguments[2]), arguments[3].equals("mutual"));
        switch (arguments[0]) {
            case "embedded" -> {
                // Without a configuration each CacheManager has a node in memory.
            }
            case "cluster" -> topology.cluster();
            case "client" -> topology.client();
            default ->
                throw new IllegalArgumentException(
                        "There is no topology \"" + arguments[0] + "\": embedded, cluster and client are there");
        }
    }

    private void clean() throws IOException {
        Files.deleteIfExists(settings());
        deleteAll(reports);
        deleteAll(home());
    }

    private static void deleteAll(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path :
                        all.sorted((one, other) -> other.compareTo(one)).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private Path home() {
        return build.resolve("tck-nodes");
    }

    private Path settings() {
        return build.resolve("tck-classes").resolve("lockstep.yaml");
    }

    /** Two members are processes, the third is embedded in the JVM of the tests. */
    private void cluster() throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        MemberPorts embedded = members.get(2);
        String settings = SETTINGS + "\n" + encryption("node");
        NodeProcesses.begin(home(), members.subList(0, 2), members, settings, serverClassPath());
        endWithThisJvm();
        write(NodeProcesses.configuration(embedded.id(), members, settings)
                .replace("data: data", "data: \"" + home().resolve(embedded.id()) + "\""));
    }

    /** All three members are processes, without a class of JCache, of the TCK or of its tests. */
    private void client() throws Exception {
        NodeProcesses nodes = NodeProcesses.start(
                home(), MemberPorts.reserve(3), SETTINGS + "\n" + encryption("node"), serverClassPath());
        endWithThisJvm();
        for (NodeProcess node : nodes.nodes()) {
            System.out.println(
                    "TCK client: class path of server " + node.member().id() + ": " + jars(node.classPath()));
        }
        write("cluster: processes\nclient: {servers: [" + servers(nodes) + "]}\n" + encryption("client"));
    }

    /** Makes a certificate and returns the setting that names it. */
    private String encryption(String name) throws Exception {
        return certificates == null
                ? ""
                : "tls: {directory: \"" + certificates.issue(name).certificate().getParent() + "\"}\n";
    }

    private static String servers(NodeProcesses nodes) {
        return Stream.of(nodes.addresses().split(","))
                .map(address -> '"' + address + '"')
                .collect(Collectors.joining(", "));
    }

    private void write(String yaml) throws IOException {
        Files.createDirectories(settings().getParent());
        Files.writeString(settings(), yaml);
    }

    private String serverClassPath() throws IOException {
        String path;
        try (Stream<Path> jars = Files.list(build.resolve("server-lib"))) {
            path = jars.map(Path::toString).sorted().collect(Collectors.joining(File.pathSeparator));
        }
        if (path.contains("cache-tests") || path.contains("cache-api") || path.contains("lockstep-jcache")) {
            throw new IllegalStateException("The servers' class path has JCache or its TCK on it: " + path);
        }
        return path;
    }

    private static String jars(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .map(jar -> Path.of(jar).getFileName().toString())
                .collect(Collectors.joining(" "));
    }

    /**
     * By the time the hook runs, the plugin that called this class has closed its class loader and destroyed its thread
     * group: the hook must need no class that was not loaded yet, and be of another group.
     */
    private static void endWithThisJvm() {
        List<ProcessHandle> nodes = ProcessHandle.current().children().toList();
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(root, () -> {
            for (ProcessHandle node : nodes) {
                node.destroyForcibly();
            }
        }));
    }
}
