package dev.lockstep.hibernate.jvm;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import org.h2.tools.Server;

/** A database that several JVMs can use. */
public interface Database extends AutoCloseable {

    /** The connection settings of Hibernate. */
    Map<String, String> properties();

    @Override
    void close();

    /** PostgreSQL in a folder of its own, with transactions that see one snapshot. */
    static Database postgres() throws IOException {
        return Postgres.start();
    }

    /** PostgreSQL if it is installed, otherwise H2. */
    static Database installed(String name) throws IOException, SQLException {
        return Postgres.isInstalled() ? postgres() : h2(name);
    }

    /** H2 in this JVM, as a server on loopback. The name is one of this JVM's alone. */
    static Database h2(String name) throws SQLException {
        System.setProperty("h2.bindAddress", "127.0.0.1");
        Server server = Server.createTcpServer("-tcpPort", "0", "-ifNotExists").start();
        Map<String, String> properties = Map.of(
                "hibernate.connection.url",
                "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/mem:" + name
                        + ";DB_CLOSE_DELAY=-1;DEFAULT_LOCK_TIMEOUT=10000");
        return new Database() {
            @Override
            public Map<String, String> properties() {
                return properties;
            }

            @Override
            public void close() {
                server.stop();
            }
        };
    }
}
