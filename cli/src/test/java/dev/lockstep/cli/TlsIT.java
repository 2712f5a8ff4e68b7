package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of processes whose certificates {@code lockstep tls init} has made. */
class TlsIT {

    @TempDir
    Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final EventLoop loop = EventLoop.threaded("tls-clients");
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(loop::close));

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private int run(String... words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return CliMain.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private int run(NodeProcesses nodes, String... words) {
        return run(Stream.concat(Stream.of(words), Stream.of("--cluster", "processes", "--servers", nodes.addresses()))
                .toArray(String[]::new));
    }

    private Path certificates() {
        return home.resolve("tls");
    }

    private void init(String... words) {
        String[] all = Stream.concat(Stream.of("tls", "init", certificates().toString()), Stream.of(words))
                .toArray(String[]::new);
        assertThat(run(all)).as("%s%s", out, err).isZero();
    }

    private String encrypted(String id) {
        return "tls: {directory: \"" + certificates().resolve(id) + "\"}";
    }

    private NodeProcesses start(List<MemberPorts> members) throws Exception {
        NodeProcesses nodes = NodeProcesses.start(
                home, members, id -> NodeProcesses.configuration(id, members, encrypted(id)), Map.of());
        opened.add(nodes);
        return nodes;
    }

    private Session client(NodeProcesses nodes, String name, @Nullable NodeIdentity self) throws Exception {
        Tls tls = Tls.of(TlsSettings.in(certificates().resolve(name)), Time.system());
        NettyLinks links = new NettyLinks("processes", () -> self, Duration.ofSeconds(2), 1_000, tls);
        opened.add(links);
        Session session = new SessionFactory(links, Duration.ofSeconds(20), Time.system(), loop, Entropy.system())
                .client(List.of(nodes.addresses().split(",")));
        opened.add(session);
        return session;
    }

    private static void put(Session session, int cache, String value) {
        session.write(cache, Mutation.put(Bytes.utf8("k"), Bytes.utf8(value), Condition.ANY), LeaseId.NONE)
                .join();
    }

    private static int cache(Session session) {
        return session.createCache(new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.STRONG))
                .join()
                .id();
    }

    private void isWhole(NodeProcesses nodes) throws Exception {
        String own = certificates().resolve("operator").toString();
        Eventually.holds(() -> "the cluster is whole: " + out + err, () -> run(nodes, "status", "--tls", own) == 0);
    }

    @Test
    void aClusterLetsInWhoeverHasACertificateOfItsAuthority() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(4);
        init("--node=n1=127.0.0.1", "--node=n2=127.0.0.1", "--node=n3=127.0.0.1", "--client=app", "--client=operator");
        NodeProcesses nodes = start(ports.subList(0, 3));
        isWhole(nodes);
        Session session = client(nodes, "app", null);
        int cache = cache(session);
        put(session, cache, "1");

        assertThat(run(nodes, "status")).isEqualTo(1);
        assertThatThrownBy(() -> client(nodes, "app", NodeIdentity.untold(new NodeId("n2"))))
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.FORBIDDEN));

        init("--node=n4=127.0.0.1");
        NodeProcess fourth = nodes.startAnother(home, ports.get(3), encrypted("n4"));
        assertThat(run(
                        nodes,
                        "node",
                        "add",
                        "n4@127.0.0.1:" + ports.get(3).port(),
                        "--tls",
                        certificates().resolve("operator").toString()))
                .as("%s%s", out, err)
                .isZero();
        fourth.awaitReady();
        put(session, cache, "2");
    }

    @Test
    void certificatesAreReplacedWhileTheClusterServes() throws Exception {
        String[] all = {
            "--node=n1=127.0.0.1", "--node=n2=127.0.0.1", "--node=n3=127.0.0.1", "--client=app", "--client=operator"
        };
        init(all);
        NodeProcesses nodes = start(MemberPorts.reserve(3));
        Session session = client(nodes, "app", null);
        int cache = cache(session);
        put(session, cache, "1");
        X509Certificate before = certificate("n1");

        init(all);
        assertThat(certificate("n1").getSerialNumber()).isNotEqualTo(before.getSerialNumber());
        put(session, cache, "2");
        nodes.node(1).close();
        nodes.node(1).restart();
        nodes.node(1).awaitReady();
        isWhole(nodes);
        put(session, cache, "3");
        Session another = client(nodes, "app", null);
        assertThat(another.get(cache, Bytes.utf8("k"), Consistency.STRONG)
                        .join()
                        .entry()
                        .value())
                .isEqualTo(Bytes.utf8("3"));
        String renewed = "New connections are encrypted with the certificate of CN=n1";
        Eventually.holds(renewed, () -> Files.readString(nodes.node(0).log()).contains(renewed));
    }

    private X509Certificate certificate(String name) throws Exception {
        try (var in = Files.newInputStream(certificates().resolve(name).resolve("tls.crt"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @Test
    void whatCantBeDoneIsSaid() {
        assertThat(run("tls", "init", certificates().toString())).isEqualTo(2);
        assertThat(err.toString()).contains("--node and --client");
        assertThat(run("tls", "init", certificates().toString(), "--node=n1")).isEqualTo(2);
        assertThat(err.toString()).contains("\"n1\" is no node and its hosts such as n1=10.0.0.1,n1.shop.svc");
        assertThat(run("tls", "init", certificates().toString(), "--client=a/b"))
                .isEqualTo(2);
        assertThat(run("tls", "init", certificates().toString(), "--client=a", "--valid=soon"))
                .isEqualTo(2);
        assertThat(certificates()).doesNotExist();
        assertThat(run(
                        "status",
                        "--servers=127.0.0.1:1",
                        "--tls",
                        certificates().toString()))
                .isEqualTo(1);
        assertThat(err.toString())
                .contains(certificates().resolve("tls.crt") + " can't be read: there is no such file");
    }
}
