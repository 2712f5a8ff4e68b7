package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs the clients, and holds {@code docs/compatibility.md} to which versions they are and how many tests passed. */
class CompatibilityIT {

    private static final Path PAGE = Path.of("..", "docs", "compatibility.md");

    /** The clients by their artifacts. */
    private static final Map<String, Client> CLIENTS = new TreeMap<>(Map.of(
            "org.springframework:spring-context-support",
            new Client(SpringClient.class, org.springframework.cache.jcache.JCacheCacheManager.class),
            "com.bucket4j:bucket4j_jdk17-jcache",
            new Client(Bucket4jClient.class, io.github.bucket4j.grid.jcache.JCacheProxyManager.class),
            "org.hibernate.orm:hibernate-jcache",
            new Client(HibernateClient.class, org.hibernate.cache.jcache.internal.JCacheRegionFactory.class),
            "io.github.resilience4j:resilience4j-cache",
            new Client(Resilience4jClient.class, io.github.resilience4j.cache.Cache.class),
            "org.apache.camel:camel-jcache",
            new Client(CamelClient.class, org.apache.camel.component.jcache.JCacheComponent.class),
            "org.apache.shiro:shiro-jcache",
            new Client(ShiroClient.class, org.apache.shiro.cache.jcache.JCacheManager.class),
            "org.apache.cayenne:cayenne-jcache",
            new Client(CayenneClient.class, org.apache.cayenne.jcache.JCacheQueryCache.class),
            "io.micronaut.cache:micronaut-cache-core",
            new Client(MicronautClient.class, io.micronaut.cache.jcache.JCacheManager.class),
            "io.dropwizard.metrics:metrics-jcache",
            new Client(DropwizardClient.class, com.codahale.metrics.jcache.JCacheGaugeSet.class),
            "io.micrometer:micrometer-core",
            new Client(MicrometerClient.class, io.micrometer.core.instrument.binder.cache.JCacheMetrics.class)));

    /**
     * A client.
     *
     * @param tests the class with its tests
     * @param of a class of its artifact
     */
    private record Client(Class<?> tests, Class<?> of) {

        /** As the name of the jar says. */
        String version(String artifact) {
            String jar = Path.of(of.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .getPath())
                    .getFileName()
                    .toString();
            String name = artifact.substring(artifact.indexOf(':') + 1);
            return jar.substring(name.length() + 1, jar.length() - ".jar".length());
        }
    }

    /** A row of the page: {@code | artifact | version | tests | …}. */
    private record Row(String artifact, String version, long tests) {}

    private static List<Row> rows() throws IOException {
        return Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.replace("`", "").split(" *\\| *"))
                .map(cells -> new Row(cells[1], cells[2], Long.parseLong(cells[3])))
                .toList();
    }

    @Test
    void thePageListsTheClients() throws IOException {
        assertThat(rows().stream().map(Row::artifact)).containsExactlyInAnyOrderElementsOf(CLIENTS.keySet());
    }

    @TestFactory
    Stream<DynamicTest> clients() throws IOException {
        Map<String, Row> rows = rows().stream().collect(Collectors.toMap(Row::artifact, row -> row));
        LauncherSession session = LauncherFactory.openSession();
        return CLIENTS.entrySet().stream()
                .map(client -> dynamicTest(client.getKey(), () -> {
                    TestExecutionSummary summary =
                            run(session.getLauncher(), client.getValue().tests());
                    assertThat(summary.getFailures().stream()
                                    .map(failure -> failure.getTestIdentifier().getDisplayName() + ": "
                                            + failure.getException()))
                            .isEmpty();
                    assertThat(new Row(
                                    client.getKey(),
                                    client.getValue().version(client.getKey()),
                                    summary.getTestsSucceededCount()))
                            .as("docs/compatibility.md")
                            .isEqualTo(rows.get(client.getKey()));
                }))
                .onClose(session::close);
    }

    private static TestExecutionSummary run(Launcher launcher, Class<?> tests) {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        launcher.execute(
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectClass(tests))
                        .build(),
                summary);
        TestExecutionSummary ran = summary.getSummary();
        ran.getFailures().forEach(failure -> failure.getException().printStackTrace());
        return ran;
    }
}
