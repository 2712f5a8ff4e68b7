package dev.lockstep.hibernate;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Database;
import dev.lockstep.hibernate.jvm.Postgres;
import dev.lockstep.hibernate.jvm.TwoJvms;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Two JVMs on PostgreSQL with one snapshot for each transaction, as clients of three node processes. */
class PostgresIT extends TwoJvmsSuite {

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static Database database;
    private static TwoJvms jvms;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Postgres.isInstalled(), "PostgreSQL is not installed");
        database = Database.postgres();
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
}
