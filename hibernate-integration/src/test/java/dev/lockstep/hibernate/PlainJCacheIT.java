package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Database;
import dev.lockstep.hibernate.jvm.Jvm;
import dev.lockstep.hibernate.jvm.TwoJvms;
import dev.lockstep.hibernate.model.NoteType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hibernate's own {@code jcache} on the same cache: it works, and keeps what is stale. That it does shows that
 * {@link TwoJvmsSuite} can fail.
 */
class PlainJCacheIT {

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static Database database;
    private static TwoJvms jvms;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(System.getProperty("lockstep-test.hibernate", "").isEmpty(), "the other Hibernate has none");
        database = Database.h2("plain");
        nodes = NodeProcesses.start(home, 3, List.of("shards: 4"));
        jvms = TwoJvms.start(
                home.resolve("jvms"),
                database,
                TwoJvmsSuite.NOTES,
                Map.of(
                        "hibernate.cache.region.factory_class",
                        "jcache",
                        "hibernate.javax.cache.provider",
                        "dev.lockstep.jcache.spi.LockstepCachingProvider",
                        "lockstep.uri",
                        nodes.uri().toString(),
                        "hibernate.javax.cache.missing_cache_strategy",
                        "create"));
    }

    @AfterAll
    static void stop() throws Exception {
        TwoJvmsSuite.closeAll(jvms, nodes, database);
    }

    @Test
    void aPutThatHasLookedAlreadyReplacesWhatAnotherJvmCommittedMeanwhile() {
        jvms.a().ask("evict 1"); // a query of the other test may have cached it
        jvms.a().ask("arm " + NoteType.MARSHALLED);
        CompletableFuture<String> read = jvms.a().begin("read 1");
        jvms.a().ask("reached " + NoteType.MARSHALLED);
        jvms.b().ask("write 1 new");
        jvms.a().ask("open " + NoteType.MARSHALLED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        assertThat(jvms.a().ask("database 1")).isEqualTo("new");
        assertThat(jvms.a().ask("read 1")).isEqualTo("old");
        assertThat(jvms.b().ask("read 1")).isEqualTo("old");
    }

    @Test
    void chanceFindsItToo() {
        int rounds = 0;
        TwoJvmsSuite.afterAStorm(jvms, rounds);
        while (!isStaleForGood()) {
            assertThat(rounds++).as("rounds without anything stale").isLessThan(300);
            TwoJvmsSuite.afterAStorm(jvms, rounds);
        }
    }

    /** Replicas that are a little behind are not what is looked for. */
    private static boolean isStaleForGood() {
        for (int i = 0; i < 20; i++) {
            if (TwoJvmsSuite.compared(jvms).equals("same, same")) {
                return false;
            }
        }
        return true;
    }
}
