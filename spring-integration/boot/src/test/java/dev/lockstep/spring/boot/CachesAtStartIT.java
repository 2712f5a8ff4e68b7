package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.spring.CacheDefinitionException;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Applications one after the other as clients of a node that keeps their caches. */
@Timeout(300)
class CachesAtStartIT {

    @TempDir
    static Path home;

    private static NodeProcesses node;

    @BeforeAll
    static void start() throws Exception {
        node = NodeProcesses.start(home, 1, ApplicationProcess.classPathOfNodes());
        run().close();
        run("lockstep.caches[by-pattern].max-entries=10").close();
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static ConfigurableApplicationContext run(String... properties) {
        Stream<String> client = Stream.of("lockstep.servers=" + node.addresses(), "lockstep.cluster=processes");
        return new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .run(Stream.concat(client, Stream.of(properties))
                        .map(one -> "--" + one)
                        .toArray(String[]::new));
    }

    private static String saidByOneThatDoesNotStart(String... properties) {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThatThrownBy(() -> run(properties)).hasStackTraceContaining(CacheDefinitionException.class.getName());
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void anotherDefinitionOfAnAnnotatedCacheEndsTheStartAndItsPropertyIsNamed() {
        assertThat(saidByOneThatDoesNotStart("lockstep.caches[pri*].max-entries=5"))
                .contains(
                        "Cache prices exists with another definition", "max-entries", "Property: lockstep.caches[pri*]")
                .doesNotContain("can be reached from here");
        assertThat(saidByOneThatDoesNotStart("lockstep.caches.stock.time-to-live=5m"))
                .contains("Cache stock exists with another definition", "Property: lockstep.caches[stock]");
    }

    @Test
    void aDifferentDefinitionOfACacheNamedByAPropertyFailsTheStart() {
        assertThat(saidByOneThatDoesNotStart("lockstep.caches[by-pattern].max-entries=11"))
                .contains("Cache by-pattern exists", "Property: lockstep.caches[by-pattern]");
    }

    @Test
    void anApplicationThatSaysNothingOfACacheTakesItAsItIs() {
        run("spring.cache.cache-names=by-pattern").close();
    }

    @Test
    void theSameDefinitionStarts() {
        run("lockstep.caches[by-pattern].max-entries=10").close();
    }
}
