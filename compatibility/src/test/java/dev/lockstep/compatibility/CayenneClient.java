package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.cache.configuration.MutableConfiguration;
import org.apache.cayenne.DataRow;
import org.apache.cayenne.configuration.server.ServerRuntime;
import org.apache.cayenne.jcache.JCacheConfigurationFactory;
import org.apache.cayenne.jcache.JCacheModule;
import org.apache.cayenne.query.SQLSelect;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Apache Cayenne's cache of query results, in its runtime on a database. */
@InEachTopology
class CayenneClient {

    private final String name = Topology.unused("cayenne");
    private final JdbcDataSource database = new JdbcDataSource();
    private final ServerRuntime runtime;

    CayenneClient(Topology topology) {
        database.setURL("jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1");
        runtime = ServerRuntime.builder()
                .dataSource(database)
                .addModule(binder -> {
                    JCacheModule.contributeJCacheProviderConfig(
                            binder, topology.uri().toString());
                    if (topology == Topology.CLIENT) {
                        // Its own stores by reference, which is impossible with caches in other processes.
                        binder.bind(JCacheConfigurationFactory.class).toInstance(group -> new MutableConfiguration<>());
                    }
                })
                .build();
    }

    @BeforeEach
    void create() throws SQLException {
        execute("create table book (title varchar(50))");
        execute("insert into book values ('first')");
    }

    @AfterEach
    void stop() {
        runtime.shutdown();
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.createStatement().execute(sql);
        }
    }

    private List<DataRow> titles() {
        return SQLSelect.dataRowQuery("select title from book")
                .sharedCache(name)
                .select(runtime.newContext());
    }

    @Test
    void aResultIsCachedUntilItsGroupIsRemoved() throws SQLException {
        assertThat(titles()).hasSize(1);
        execute("insert into book values ('second')");
        assertThat(titles()).hasSize(1);
        runtime.getDataDomain().getQueryCache().removeGroup(name);
        assertThat(titles()).hasSize(2);
    }
}
