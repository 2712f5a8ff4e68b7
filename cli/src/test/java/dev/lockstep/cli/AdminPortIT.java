package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.FailedLogIns;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.Credentials;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin port of a node whose connections are encrypted. */
class AdminPortIT {

    private static final String[] CERTIFICATES = {
        "--node=n1=127.0.0.1", "--client=operator", "--client=watcher", "--client=app"
    };

    @TempDir
    Path home;

    private EncryptedCluster cluster;
    private URI admin;

    @BeforeEach
    void start() throws Exception {
        String address = "127.0.0.1:" + MemberPorts.freePorts(1).get(0);
        admin = URI.create("https://" + address);
        cluster = new EncryptedCluster(home);
        cluster.init(CERTIFICATES);
        cluster.start(
                MemberPorts.reserve(1), yaml -> yaml.replace("data: data", "data: data, admin: \"" + address + "\""));
    }

    @AfterEach
    void close() throws Exception {
        cluster.close();
    }

    /** Asks with the certificate of a client, or a node; null for none. */
    private HttpResponse<String> get(@Nullable String name, String page) throws Exception {
        return send(name, HttpRequest.newBuilder(admin.resolve(page)));
    }

    /** Asks without a certificate, as a user by its password. */
    private HttpResponse<String> as(String userAndPassword, String page) throws Exception {
        String encoded = Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
        return send(null, HttpRequest.newBuilder(admin.resolve(page)).header("Authorization", "Basic " + encoded));
    }

    private HttpResponse<String> send(@Nullable String name, HttpRequest.Builder request) throws Exception {
        Credentials credentials =
                Credentials.read(TlsSettings.in(cluster.certificates().resolve(name == null ? "app" : name)));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                name == null ? null : new KeyManager[] {credentials.keys()},
                new TrustManager[] {credentials.trust()},
                null);
        return HttpClient.newBuilder()
                .sslContext(context)
                .build()
                .send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private int status(@Nullable String name, String page) throws Exception {
        return get(name, page).statusCode();
    }

    @Test
    void metersTakeTheRightToMonitorAndHealthNone() throws Exception {
        Eventually.holds("the node knows that there are no users yet", () -> status("app", "/metrics") == 200);
        assertThat(status(null, "/metrics")).isEqualTo(401);

        run("user", "set", "operator", "--roles", "administrator");
        run("role", "set", "watch", "--on-cluster", "monitor");
        run("user", "set", "watcher", "--roles", "watch");
        run("role", "set", "shop", "--caches", "*=read,write");
        run("user", "set", "app", "--roles", "shop");

        for (String page : new String[] {"/metrics", "/info"}) {
            assertThat(status("watcher", page)).as(page).isEqualTo(200);
            assertThat(status("operator", page)).as(page).isEqualTo(200);
            assertThat(status("n1", page)).as(page).isEqualTo(200);
            assertThat(status("app", page)).as(page).isEqualTo(403);
            assertThat(status(null, page)).as(page).isEqualTo(401);
        }
        assertThat(Files.readString(cluster.nodes().node(0).log()))
                .contains("\"event\":\"request\",\"user\":\"app\",\"from\":\"127.0.0.1:")
                .contains("\"what\":\"GET /info\",\"outcome\":\"refused\"")
                .contains("\"user\":\"(not known)\",\"from\":\"127.0.0.1:");
        assertThat(get("watcher", "/metrics").body())
                .contains("lockstep_requests_refused_total{reason=\"forbidden\"} 0.0");
        assertThat(get("watcher", "/health/ready").body()).isEqualTo("{\"status\":\"UP\",\"problems\":[]}\n");
        assertThat(get(null, "/health/ready").body())
                .as("no more to a stranger")
                .isEqualTo("{\"status\":\"UP\"}\n");
        assertThat(status(null, "/health/live")).isEqualTo(200);
    }

    @Test
    void aUserMayLogInWithAPassword() throws Exception {
        run("user", "set", "operator", "--roles", "administrator");
        run("role", "set", "watch", "--on-cluster", "monitor");
        run("role", "set", "shop", "--caches", "*=read,write");
        run("user", "set", "prometheus", "--roles", "watch", "--password-file", password("correct horse: battery"));
        run("user", "set", "till", "--roles", "shop", "--password-file", password("till"));

        assertThat(as("prometheus:correct horse: battery", "/metrics").statusCode())
                .isEqualTo(200);
        assertThat(as("prometheus:correct horse: battery", "/health/ready").body())
                .contains("problems");
        assertThat(as("till:till", "/metrics").statusCode()).isEqualTo(403);

        HttpResponse<String> wrong = as("prometheus:wrong", "/metrics");
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(wrong.headers().firstValue("WWW-Authenticate"))
                .contains("Basic realm=\"Lockstep\", charset=\"UTF-8\"");
        assertThat(wrong.body()).isEqualTo("The user or the password is wrong\n");
        assertThat(as("nobody:wrong", "/metrics").body()).isEqualTo(wrong.body());
        assertThat(as("prometheus", "/metrics").statusCode()).as("no password").isEqualTo(401);
        assertThat(as("prometheus:wrong", "/health/ready").body()).isEqualTo("{\"status\":\"UP\"}\n");
        for (int attempt = 2; attempt < FailedLogIns.MAX_OF_USER; attempt++) {
            as("prometheus:wrong", "/metrics");
        }
        HttpResponse<String> locked = as("prometheus:correct horse: battery", "/metrics");
        assertThat(locked.statusCode()).isEqualTo(429);
        assertThat(locked.headers().firstValueAsLong("Retry-After").orElseThrow())
                .isBetween(1L, 61L);
        assertThat(Files.readString(cluster.nodes().node(0).log()))
                .contains("the user or the password is wrong")
                .contains("\"event\":\"request\",\"user\":\"till\"")
                .doesNotContain("battery");
    }

    private String password(String password) throws Exception {
        return Files.writeString(Files.createTempFile(home, "password", ""), password)
                .toString();
    }

    private void run(String... words) {
        assertThat(cluster.runAs("operator", words)).as("%s", cluster.printed()).isZero();
    }

    @Test
    void aCertificateIsRenewedWhileTheNodeRuns() throws Exception {
        BigInteger before = shown();
        cluster.init(CERTIFICATES);
        BigInteger renewed = stored();
        assertThat(renewed).isNotEqualTo(before);
        Eventually.holds("the new certificate is shown", () -> shown().equals(renewed));
    }

    private BigInteger shown() throws Exception {
        return ((X509Certificate)
                        get("app", "/health/live").sslSession().orElseThrow().getPeerCertificates()[0])
                .getSerialNumber();
    }

    private BigInteger stored() throws Exception {
        try (var in = Files.newInputStream(cluster.certificates().resolve("n1").resolve("tls.crt"))) {
            return ((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in))
                    .getSerialNumber();
        }
    }
}
