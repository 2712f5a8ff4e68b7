package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.cache.Cache;
import org.springframework.context.ConfigurableApplicationContext;

/** An application that connects to an encrypted node with one of its SSL bundles. */
@Timeout(300)
class SslBundleIT {

    private static final String BUNDLE = "spring.ssl.bundle.pem.shop.";

    @TempDir
    Path home;

    private Certificates certificates;
    private TlsSettings shop;
    private NodeProcesses node;

    @BeforeEach
    void start() throws Exception {
        certificates = new Certificates(home.resolve("certificates"));
        shop = certificates.issue("shop");
        String encrypted = "tls: {directory: \""
                + certificates.issue("node").certificate().getParent() + "\", client-certificates: optional}";
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

    @Test
    void theBundlesCertificateIsShownAndItsReplacementToo() throws Exception {
        String[] properties = Stream.concat(
                        certificate().stream(),
                        Stream.of(BUNDLE + "reload-on-update=true", "spring.ssl.bundle.watch.file.quiet-period=100ms"))
                .toArray(String[]::new);
        try (ConfigurableApplicationContext context = run(properties)) {
            cache(context).put("tea", 3);
            CountDownLatch reloaded = new CountDownLatch(1);
            context.getBean(SslBundles.class).addBundleUpdateHandler("shop", bundle -> reloaded.countDown());
            TlsSettings renewed = certificates.issue("renewed", "shop-renewed", List.of("127.0.0.1"));
            Files.copy(renewed.key().orElseThrow(), shop.key().orElseThrow(), StandardCopyOption.REPLACE_EXISTING);
            Files.copy(renewed.certificate(), shop.certificate(), StandardCopyOption.REPLACE_EXISTING);
            assertThat(reloaded.await(60, TimeUnit.SECONDS)).isTrue();
            node.node(0).close();
            node.node(0).restart();
            node.node(0).awaitReady();
            cache(context).put("tea", 4);
            assertThat(Files.readString(node.node(0).log())).contains("\"user\":\"shop-renewed\"");
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
