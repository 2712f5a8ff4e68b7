package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** The messages for wrong properties. */
class FailureAnalysisTest {

    private static String said(String... properties) {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThatThrownBy(() -> new SpringApplicationBuilder(ShopApplication.class)
                            .web(WebApplicationType.NONE)
                            .run(Stream.of(properties).map(one -> "--" + one).toArray(String[]::new)))
                    .isInstanceOf(Exception.class);
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void anUnknownPropertyIsNamedAndSoIsTheNearest() {
        assertThat(said("lockstep.severs=127.0.0.1:7400"))
                .contains("Property: lockstep.severs", "Did you mean: lockstep.servers");
        assertThat(said("lockstep.caches[session-*].time-to-life=1s"))
                .contains(
                        "lockstep.caches[session-*].time-to-life",
                        "Did you mean: lockstep.caches[session-*].time-to-live");
    }

    @Test
    void aWrongValueIsNamedWithItsProperty() {
        assertThat(said("lockstep.servers=127.0.0.1:7400,nowhere"))
                .contains("The property lockstep.servers[1] can't be used", "Value: nowhere", "10.0.0.1:7400");
        assertThat(said("lockstep.caches.prices.time-to-live=soon"))
                .contains("lockstep.caches.prices.time-to-live", "soon");
        assertThat(said("lockstep.caches.prices.time-to-live=0s"))
                .contains("lockstep.caches[prices].time-to-live", "one millisecond or more");
        assertThat(said("lockstep.caches.prices.max-entries=-1")).contains("lockstep.caches[prices].max-entries");
        assertThat(said("lockstep.caches.prices.consistency=eventual"))
                .contains("lockstep.caches.prices.consistency", "eventual");
        assertThat(said("lockstep.config=classpath:none.yaml"))
                .contains("lockstep.config", "there is no such file or resource");
    }

    @Test
    void aDurationWithoutAUnitIsRefusedAndUnitsAreNamed() {
        assertThat(said("lockstep.caches[session-*].time-to-live=30"))
                .contains(
                        "The property lockstep.caches[session-*].time-to-live", "\"30\" has no unit: write 30ms, 30s");
        assertThat(said("lockstep.caches.prices.time-to-idle=30"))
                .contains("lockstep.caches.prices.time-to-idle", "write 30ms, 30s");
        assertThat(said("lockstep.servers=127.0.0.1:1", "lockstep.timeout=${patience}", "patience=10"))
                .contains("The property lockstep.timeout", "write 10ms, 10s");
        assertThat(said("lockstep.config=classpath:no-unit.yaml")).contains("no-unit.yaml:2", "write 30ms, 30s");
    }

    @Test
    void aPatternOutsideOfBracketsIsRefused() {
        assertThat(said("lockstep.caches.session-*.time-to-live=1s"))
                .contains("lockstep.caches.session-*.time-to-live", "lockstep.caches[session-*].time-to-live");
    }

    @Test
    void propertiesThatExcludeEachOtherAreNamed() {
        assertThat(said("lockstep.servers=127.0.0.1:7400", "lockstep.config=classpath:short-lived.yaml"))
                .contains("lockstep.servers", "it excludes lockstep.config");
        assertThat(said(
                        "lockstep.config=classpath:short-lived.yaml",
                        "spring.cache.jcache.config=classpath:short-lived.yaml"))
                .contains("lockstep.config", "it excludes spring.cache.jcache.config");
        assertThat(said("lockstep.timeout=1s")).contains("lockstep.timeout", "it is for a client");
        assertThat(said("lockstep.routing=gateway")).contains("lockstep.routing", "it is for a client");
        assertThat(said("lockstep.ssl.bundle=shop")).contains("lockstep.ssl.bundle", "it is for a client");
    }

    @Test
    void aLogInThatLacksSomethingIsRefusedWithoutShowingThePassword() {
        String servers = "lockstep.servers=127.0.0.1:7400";
        assertThat(said(servers, "lockstep.username=till")).contains("lockstep.username", "set lockstep.password too");
        assertThat(said(servers, "lockstep.password=hush"))
                .contains("lockstep.password", "set lockstep.username too")
                .doesNotContain("hush");
        assertThat(said(servers, "lockstep.username=till", "lockstep.password=hush"))
                .contains("lockstep.username", "lockstep.ssl.bundle")
                .doesNotContain("hush");
    }

    @Test
    void aWrongFileIsNamedWithItsLine() {
        assertThat(said("lockstep.config=classpath:wrong.yaml"))
                .contains("wrong.yaml:2:12", "unknown key \"shard\"; did you mean \"shards\"");
    }

    @Test
    void aClusterThatDoesNotAnswerIsNamed() {
        assertThat(said("lockstep.servers=127.0.0.1:1", "lockstep.timeout=1s", "lockstep.routing=gateway"))
                .contains("The Lockstep cluster refused or did not answer", "127.0.0.1:1", "lockstep.servers");
    }

    @Test
    void anApplicationThatLacksARightIsToldWhereRightsComeFrom() {
        var forbidden = new RequestFailedException(Status.FORBIDDEN, "User \"shop\" may not do that");
        assertThat(new ClusterFailureAnalyzer().analyze(forbidden).getAction())
                .contains("lockstep role set", "lockstep.ssl.bundle")
                .doesNotContain("lockstep.servers");
    }
}
