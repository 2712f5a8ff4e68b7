package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.Session;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of processes whose certificates {@code lockstep tls init} has made. */
class TlsIT {

    @TempDir
    Path home;

    private EncryptedCluster cluster;

    @BeforeEach
    void open() {
        cluster = new EncryptedCluster(home);
    }

    @AfterEach
    void close() throws Exception {
        cluster.close();
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

    @Test
    void aClusterLetsInWhoeverHasACertificateOfItsAuthority() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(4);
        cluster.init(
                "--node=n1=127.0.0.1",
                "--node=n2=127.0.0.1",
                "--node=n3=127.0.0.1",
                "--client=app",
                "--client=operator");
        cluster.start(ports.subList(0, 3));
        cluster.isWhole();
        Session session = cluster.client("app", null);
        int cache = cache(session);
        put(session, cache, "1");

        assertThat(cluster.runAs(null, "status")).isEqualTo(1);
        assertThatThrownBy(() -> cluster.client("app", NodeIdentity.untold(new NodeId("n2"))))
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(Status.FORBIDDEN));

        cluster.init("--node=n4=127.0.0.1");
        NodeProcess fourth = cluster.startAnother(ports.get(3), "n4");
        assertThat(cluster.runAs(
                        "operator",
                        "node",
                        "add",
                        "n4@127.0.0.1:" + ports.get(3).port()))
                .as("%s", cluster.printed())
                .isZero();
        fourth.awaitReady();
        put(session, cache, "2");
    }

    @Test
    void certificatesAreReplacedWhileTheClusterServes() throws Exception {
        String[] all = {
            "--node=n1=127.0.0.1", "--node=n2=127.0.0.1", "--node=n3=127.0.0.1", "--client=app", "--client=operator"
        };
        cluster.init(all);
        cluster.start(MemberPorts.reserve(3));
        Session session = cluster.client("app", null);
        int cache = cache(session);
        put(session, cache, "1");
        X509Certificate before = certificate("n1");

        cluster.init(all);
        assertThat(certificate("n1").getSerialNumber()).isNotEqualTo(before.getSerialNumber());
        put(session, cache, "2");
        cluster.nodes().node(1).close();
        cluster.nodes().node(1).restart();
        cluster.nodes().node(1).awaitReady();
        cluster.isWhole();
        put(session, cache, "3");
        Session another = cluster.client("app", null);
        assertThat(another.get(cache, Bytes.utf8("k"), Consistency.STRONG)
                        .join()
                        .entry()
                        .value())
                .isEqualTo(Bytes.utf8("3"));
        String renewed = "New connections are encrypted with the certificate of CN=n1";
        Eventually.holds(
                renewed, () -> Files.readString(cluster.nodes().node(0).log()).contains(renewed));
    }

    /** Seen with other eyes than Java's. */
    @Test
    void opensslGetsNothingButTls13WithAuthenticatedCiphersAndACertificate() throws Exception {
        assumeTrue(isThere("openssl"), "needs openssl");
        cluster.init("--node=n1=127.0.0.1", "--client=app");
        cluster.start(MemberPorts.reserve(1));

        String[] certified = {"-cert", file("app/tls.crt"), "-key", file("app/tls.key")};
        assertThat(openssl(certified, "-tls1_3"))
                .contains("New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", "Verify return code: 0 (ok)")
                .doesNotContain("alert");
        assertThat(openssl(new String[0], "-tls1_3")).contains("SSL alert number 42");
        for (String older : List.of("-tls1_2", "-tls1_1", "-tls1")) {
            assertThat(openssl(certified, older, "-cipher", "ALL:@SECLEVEL=0"))
                    .as(older)
                    .contains("SSL alert number 70", "Cipher is (NONE)");
        }
        assertThat(openssl(certified, "-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"))
                .contains("SSL alert number 40", "Cipher is (NONE)");
    }

    private static boolean isThere(String command) throws Exception {
        try {
            return new ProcessBuilder(command, "version").start().waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    private String file(String name) {
        return cluster.certificates().resolve(name).toString();
    }

    /** Connects, waits until the node has said what it thinks of that, and returns what was printed. */
    private String openssl(String[] certificate, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-ign_eof", "-CAfile", file("ca.crt")));
        command.addAll(List.of("-connect", cluster.nodes().addresses()));
        command.addAll(List.of(certificate));
        command.addAll(List.of(options));
        Process client = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var out = client.inputReader()) {
            StringBuilder printed = new StringBuilder();
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                printed.append(line).append('\n');
                if (line.contains("Verify return code") && certificate.length > 0) {
                    break; // what is let in would be kept until the deadline
                }
            }
            return printed.toString();
        } finally {
            client.destroy();
            client.waitFor();
        }
    }

    private X509Certificate certificate(String name) throws Exception {
        try (var in = Files.newInputStream(cluster.certificates().resolve(name).resolve("tls.crt"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @Test
    void whatCantBeDoneIsSaid() {
        assertThat(cluster.run("tls", "init", cluster.certificates().toString()))
                .isEqualTo(2);
        assertThat(cluster.printed()).contains("--node and --client");
        assertThat(cluster.run("tls", "init", cluster.certificates().toString(), "--node=n1"))
                .isEqualTo(2);
        assertThat(cluster.printed()).contains("\"n1\" is no node and its hosts such as n1=10.0.0.1,n1.shop.svc");
        assertThat(cluster.run("tls", "init", cluster.certificates().toString(), "--client=a/b"))
                .isEqualTo(2);
        assertThat(cluster.run("tls", "init", cluster.certificates().toString(), "--client=a", "--valid=soon"))
                .isEqualTo(2);
        assertThat(cluster.certificates()).doesNotExist();
        assertThat(cluster.run(
                        "status",
                        "--servers=127.0.0.1:1",
                        "--tls",
                        cluster.certificates().toString()))
                .isEqualTo(1);
        assertThat(cluster.printed())
                .contains(cluster.certificates().resolve("tls.crt") + " can't be read: there is no such file");
    }
}
