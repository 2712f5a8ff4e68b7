package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.topology.NodeIdentity;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A cluster of processes whose certificates {@code lockstep tls init} has made, and the commands of its operator. For one thread. */
final class EncryptedCluster implements AutoCloseable {

    private final Path home;
    private final String more;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final EventLoop loop = EventLoop.threaded("tls-clients");
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(loop::close));
    private @Nullable NodeProcesses nodes;

    EncryptedCluster(Path home) {
        this(home, "");
    }

    /** @param more settings of the encryption of its nodes */
    EncryptedCluster(Path home, String more) {
        this.home = home;
        this.more = more;
    }

    @Override
    public void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    /** Returns the output and the errors of the last command. */
    String printed() {
        return out.toString() + err;
    }

    /** Runs a command. */
    int run(String... words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return CliMain.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    /** Runs a command on the cluster with the certificate of a client; null for none. */
    int runAs(@Nullable String client, String... words) {
        Stream<String> tls = client == null
                ? Stream.of()
                : Stream.of("--tls", certificates().resolve(client).toString());
        return run(
                Stream.of(Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes().addresses()), tls)
                        .flatMap(some -> some)
                        .toArray(String[]::new));
    }

    Path certificates() {
        return home.resolve("tls");
    }

    /** Makes certificates. */
    void init(String... words) {
        String[] all = Stream.concat(Stream.of("tls", "init", certificates().toString()), Stream.of(words))
                .toArray(String[]::new);
        assertThat(run(all)).as("%s", printed()).isZero();
    }

    private String encrypted(String id) {
        return "tls: {directory: \"" + certificates().resolve(id) + "\"" + more + "}";
    }

    void start(List<MemberPorts> members) throws Exception {
        start(members, UnaryOperator.identity());
    }

    /** @param configured changes the configuration of each node */
    void start(List<MemberPorts> members, UnaryOperator<String> configured) throws Exception {
        nodes = NodeProcesses.start(
                home,
                members,
                id -> configured.apply(NodeProcesses.configuration(id, members, encrypted(id))),
                Map.of());
        opened.add(nodes);
    }

    NodeProcesses nodes() {
        return Objects.requireNonNull(nodes);
    }

    NodeProcess startAnother(MemberPorts member, String id) throws Exception {
        return nodes().startAnother(home, member, encrypted(id));
    }

    /** A session with the certificate of a client, which says that it is a node, or not. */
    Session client(String name, @Nullable NodeIdentity self) throws Exception {
        return client(TlsSettings.in(certificates().resolve(name)), self, null);
    }

    /** A session with a password. */
    Session client(ScramCredentials credentials) throws Exception {
        Path folder = home.resolve("only-the-authority");
        Files.createDirectories(folder);
        Files.copy(certificates().resolve("ca.crt"), folder.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
        return client(TlsSettings.in(folder).forLogIn(), null, credentials);
    }

    private Session client(TlsSettings settings, @Nullable NodeIdentity self, @Nullable ScramCredentials credentials)
            throws Exception {
        Tls tls = Tls.of(settings, Time.system());
        NettyLinks links = new NettyLinks("processes", () -> self, Duration.ofSeconds(2), 1_000, tls, credentials);
        opened.add(links);
        Session session = new SessionFactory(links, Duration.ofSeconds(20), Time.system(), loop, Entropy.system())
                .client(List.of(nodes().addresses().split(",")));
        opened.add(session);
        return session;
    }

    /** Waits until the cluster is whole, as its operator sees it. */
    void isWhole() throws Exception {
        Eventually.holds(() -> "the cluster is whole: " + printed(), () -> runAs("operator", "status") == 0);
    }
}
