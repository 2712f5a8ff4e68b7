package dev.lockstep.tck;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ScramMechanism;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.wire.Request;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
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
    private static final String PASSWORD = "of the tck";

    private final Path reports;
    private final Path build;
    private final Security security;
    /** Null without encryption. */
    private final @Nullable Certificates certificates;

    private TckTopology(Path reports, Path build, Security security) throws IOException, GeneralSecurityException {
        this.reports = reports;
        this.build = build;
        this.security = security;
        clean();
        this.certificates = security != Security.NONE ? new Certificates(home().resolve("certificates")) : null;
    }

    /**
     * @param arguments the topology's name ({@code embedded}, {@code cluster} or {@code client}), the folder of the reports,
     *     which is emptied, the module's build folder, and the {@link Security} of connections in lower case
     * @throws IllegalArgumentException for an unknown topology or security
     */
    public static void main(String... arguments) throws Exception {
        TckTopology topology = new TckTopology(
                Path.of(arguments[1]), Path.of(arguments[2]), Security.valueOf(arguments[3].toUpperCase(Locale.ROOT)));
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

    /** The security of connections. */
    enum Security {
        NONE,
        /** TLS with certificates on both ends. */
        MUTUAL,
        /** TLS with certificates of the servers, and a user with a password and the rights on caches alone. */
        SCRAM
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
        String logIn = security == Security.SCRAM ? ", " + user(nodes) : "";
        write("cluster: processes\nclient: {servers: [" + servers(nodes) + "]" + logIn + "}\n" + encryption("client"));
    }

    /** Makes an administrator, and a user for the tests; returns the settings that log it in, whose client shows no certificate. */
    private String user(NodeProcesses nodes) throws Exception {
        EventLoop loop = EventLoop.threaded("tck-operator");
        Tls tls = Tls.of(Objects.requireNonNull(certificates).issue("operator"), Time.system());
        try (NettyLinks links = new NettyLinks("processes", () -> null, Duration.ofSeconds(2), 100, tls);
                Session operator = new SessionFactory(
                                links, Duration.ofSeconds(30), Time.system(), loop, Entropy.system())
                        .client(List.of(nodes.addresses().split(",")))) {
            change(operator, new AccessChange.PutUser(User.certified("operator", Set.of("administrator")), false));
            change(operator, new AccessChange.PutRole(new Role("tck", Set.of(), Map.of("*", Right.onCaches(true)))));
            String verifier = ScramVerifier.of(
                            ScramMechanism.SHA_512,
                            PASSWORD.toCharArray(),
                            ScramVerifier.newSalt(Entropy.system()),
                            ScramVerifier.MIN_ITERATIONS)
                    .text();
            change(
                    operator,
                    new AccessChange.PutUser(
                            User.certified("tck", Set.of("tck")).with(verifier), false));
        } finally {
            loop.close();
        }
        Path file = Files.writeString(home().resolve("password"), PASSWORD);
        return "user: tck, password: \"file:" + file + "\"";
    }

    private static void change(Session operator, AccessChange change) {
        int revision = operator.access().join().revision();
        operator.changeAccess(new Request.ChangeAccess(revision, change)).join();
    }

    /** Makes a certificate and returns the setting that names it. */
    private String encryption(String name) throws Exception {
        if (certificates == null) {
            return "";
        }
        TlsSettings issued = certificates.issue(name);
        String more = "";
        if (security == Security.SCRAM && name.equals("client")) {
            Files.delete(issued.certificate());
            Files.delete(issued.key().orElseThrow());
        } else if (security == Security.SCRAM) {
            more = ", client-certificates: optional";
        }
        return "tls: {directory: \"" + issued.certificate().getParent() + "\"" + more + "}\n";
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
