package dev.lockstep.hibernate.jvm;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** Two JVMs with the same database and the same cache. Not thread-safe. */
public final class TwoJvms implements AutoCloseable {

    private static final String[] SCHEMA = {
        "create table Note (id bigint primary key, text varchar(100), code varchar(255) unique)",
        "create table note_tag (Note_id bigint not null, tags varchar(255))",
        "create table Memo (id bigint primary key, text varchar(100))",
        "create table Country (id bigint primary key, name varchar(255))",
        "create table Attachment (id bigint primary key, kind varchar(1), target bigint)",
        "insert into Attachment values (1, 'C', 1)",
        "insert into Country values (1, 'Wales')",
        "insert into Memo values (1, 'old')",
    };

    private final Path home;
    private final Map<String, String> properties;
    private final Jvm a;
    private final Jvm b;

    private TwoJvms(Path home, Map<String, String> properties, Jvm a, Jvm b) {
        this.home = home;
        this.properties = properties;
        this.a = a;
        this.b = b;
    }

    /**
     * Makes the tables, with notes 1 to {@code notes}, and starts two JVMs.
     *
     * @param home gets the logs
     * @param cache what Hibernate shall cache by
     */
    public static TwoJvms start(Path home, Database database, int notes, Map<String, String> cache)
            throws IOException, SQLException {
        fill(database, notes);
        Map<String, String> all = new HashMap<>(database.properties());
        all.put("hibernate.connection.pool_size", "20");
        all.put("hibernate.cache.use_query_cache", "true");
        all.put("hibernate.generate_statistics", "true");
        all.putAll(cache);
        Jvm a = Jvm.start(home.resolve("a.log"), all);
        Jvm b = Jvm.start(home.resolve("b.log"), all);
        try {
            return new TwoJvms(home, all, a.awaitReady(), b.awaitReady());
        } catch (IOException failed) {
            a.close();
            b.close();
            throw failed;
        }
    }

    private static void fill(Database database, int notes) throws SQLException {
        Map<String, String> how = database.properties();
        try (Connection connection = DriverManager.getConnection(
                        how.get("hibernate.connection.url"),
                        how.get("hibernate.connection.username"),
                        how.get("hibernate.connection.password"));
                Statement statement = connection.createStatement()) {
            for (String sql : SCHEMA) {
                statement.execute(sql);
            }
            for (int id = 1; id <= notes; id++) {
                statement.execute("insert into Note values (" + id + ", 'old', 'code-" + id + "')");
            }
        }
    }

    public Jvm a() {
        return a;
    }

    public Jvm b() {
        return b;
    }

    /** A further JVM, for as long as the caller wants it. */
    public Jvm another(String name, Map<String, String> further) throws IOException {
        Map<String, String> all = new HashMap<>(properties);
        all.putAll(further);
        return Jvm.start(home.resolve(name + ".log"), all).awaitReady();
    }

    @Override
    public void close() {
        a.close();
        b.close();
    }
}
