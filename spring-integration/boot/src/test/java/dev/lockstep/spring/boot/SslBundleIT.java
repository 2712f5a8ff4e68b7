package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.cache.Cache;
import org.springframework.context.ConfigurableApplicationContext;

/** An application that connects to an encrypted node with one of its SSL bundles. */
@Timeout(300)
class SslBundleIT {

    private static final String BUNDLE = "spring.ssl.bundle.pem.shop.";

    @TempDir
    Path home;

    private TlsSettings shop;
    private TlsSettings ofNode;
    private NodeProcesses node;

    @BeforeEach
    void start() throws Exception {
        Certificates certificates = new Certificates(home.resolve("certificates"));
        shop = certificates.issue("shop");
        ofNode = certificates.issue("node");
        String encrypted =
                "tls: {directory: \"" + ofNode.certificate().getParent() + "\", client-certificates: optional}";
        node = NodeProcesses.start(home, MemberPorts.reserve(1), encrypted, ApplicationProcess.classPathOfNodes());
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private ConfigurableApplicationContext run(String... properties) {
        Stream<String> client = Stream.of(
                "lockstep.servers=" + node.addresses(),
                "lockstep.cluster=processes",
                "lockstep.timeout=20s",
                "lockstep.ssl.bundle=shop",
                BUNDLE + "truststore.certificate=" + shop.authorities());
        return new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(client, Stream.of(properties))
                        .map(one -> "--" + one)
                        .toArray(String[]::new));
    }

    private List<String> certificate() {
        return List.of(
                BUNDLE + "keystore.certificate=" + shop.certificate(),
                BUNDLE + "keystore.private-key=" + shop.key().orElseThrow());
    }

    private static Cache cache(ConfigurableApplicationContext context) {
        return Objects.requireNonNull(
                context.getBean(LockstepCacheManager.class).getCache("prices"));
    }

    private static void replace(TlsSettings files, TlsSettings by) throws IOException {
        Files.copy(by.authorities(), files.authorities(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(by.key().orElseThrow(), files.key().orElseThrow(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(by.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
    }

    private static List<Certificate> certificates(KeyStore store) throws KeyStoreException {
        return Collections.list(store.aliases()).stream()
                .map(alias -> {
                    try {
                        return store.getCertificate(alias);
                    } catch (KeyStoreException unreadable) {
                        throw new IllegalStateException(unreadable);
                    }
                })
                .toList();
    }

    /** The node trusts only the new authority then, and is trusted only by it. */
    @Test
    void theApplicationFollowsItsBundleToAnotherAuthority() throws Exception {
        String[] properties = Stream.concat(
                        certificate().stream(),
                        Stream.of(BUNDLE + "reload-on-update=true", "spring.ssl.bundle.watch.file.quiet-period=1s"))
                .toArray(String[]::new);
        try (ConfigurableApplicationContext context = run(properties)) {
            cache(context).put("tea", 3);
            SslBundles bundles = context.getBean(SslBundles.class);
            SslStoreBundle before = bundles.getBundle("shop").getStores();
            List<Certificate> trusted = certificates(Objects.requireNonNull(before.getTrustStore()));
            List<Certificate> shown = certificates(Objects.requireNonNull(before.getKeyStore()));
            AtomicReference<SslBundle> reloaded = new AtomicReference<>();
            bundles.addBundleUpdateHandler("shop", reloaded::set);

            Certificates other = new Certificates(home.resolve("other"));
            replace(shop, other.issue("shop"));
            Eventually.holds("the bundle has been reloaded whole", () -> {
                SslBundle now = reloaded.get();
                return now != null
                        && !certificates(Objects.requireNonNull(now.getStores().getTrustStore()))
                                .equals(trusted)
                        && !certificates(Objects.requireNonNull(now.getStores().getKeyStore()))
                                .equals(shown);
            });
            node.node(0).close();
            replace(ofNode, other.issue("node"));
            node.node(0).restart();
            node.node(0).awaitReady();
            cache(context).put("tea", 4);
            assertThat(cache(context).get("tea", Integer.class)).isEqualTo(4);
        }
    }

    @Test
    void whoeverShowsNeitherCertificateNorPasswordIsTurnedAway() {
        assertThatThrownBy(() -> run("lockstep.username=till", "lockstep.password=wrong"))
                .hasStackTraceContaining("The user or the password is wrong");
        assertThatThrownBy(this::run).hasStackTraceContaining("was shown neither a certificate nor a password");
    }

    @Test
    void theCertificateIsReadFromTheBundleAlone() {
        try (ConfigurableApplicationContext context = run(certificate().toArray(String[]::new))) {
            cache(context).put("tea", 3);
            assertThat(cache(context).get("tea", Integer.class)).isEqualTo(3);
        }
    }
}
