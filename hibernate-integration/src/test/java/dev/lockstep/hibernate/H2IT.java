package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Database;
import dev.lockstep.hibernate.jvm.TwoJvms;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two JVMs on H2 as a server, as clients of three node processes. */
class H2IT extends TwoJvmsSuite {

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static Database database;
    private static TwoJvms jvms;

    @BeforeAll
    static void start() throws Exception {
        database = Database.h2("notes");
        nodes = NodeProcesses.start(home, 3, List.of("shards: 4"));
        jvms = TwoJvms.start(home.resolve("jvms"), database, NOTES, lockstep(nodes));
    }

    @AfterAll
    static void stop() throws Exception {
        closeAll(jvms, nodes, database);
    }

    @Override
    TwoJvms jvms() {
        return jvms;
    }

    // A cluster that does not answer

    @Test
    void withoutTheClusterReadsGoToTheDatabaseAndWritesFailBeforeIt() throws Exception {
        assumeTrue(a().ask("version").startsWith("7."), "once is enough");
        bothRead(20, "old");
        for (NodeProcess node : nodes.nodes()) {
            node.freeze();
        }
        try {
            assertThat(a().ask("read 20")).isEqualTo("old");
            assertThatThrownBy(() -> a().ask("write 20 new")).hasMessageContaining("The transaction can't continue");
            assertThat(a().ask("database 20")).isEqualTo("old");
            assertThat(a().ask("query")).contains("old");
        } finally {
            for (NodeProcess node : nodes.nodes()) {
                node.thaw();
            }
        }
        Eventually.holds("writes are possible again", () -> {
            try {
                return a().ask("write 20 new").equals("done");
            } catch (IllegalStateException refused) {
                return false;
            }
        });
        bothRead(20, "new");
    }
}
