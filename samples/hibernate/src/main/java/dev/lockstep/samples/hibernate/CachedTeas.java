package dev.lockstep.samples.hibernate;

import java.util.ArrayList;
import java.util.List;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.stat.Statistics;

/**
 * Stores a few entities, then reads each and asks a query twice, every time in a session of its own. The second time none of it
 * may need the database: ends with {@code sql=<statements> hits=<entities and results found in the cache>}, and exits with 1 if
 * it did. With an argument it is a client of that URI, without one it has a node in memory.
 */
public final class CachedTeas {

    private static final List<String> NAMES = List.of("Assam", "Darjeeling", "Keemun", "Sencha");
    private static final String QUERY = "from Tea where name < 'L' order by name";

    private CachedTeas() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments) ? 0 : 1);
    }

    /** Tells whether the second reading came from the cache alone. */
    static boolean run(String... arguments) {
        try (SessionFactory factory = factory(arguments)) {
            factory.inTransaction(session -> {
                for (int i = 0; i < NAMES.size(); i++) {
                    session.persist(new Tea(i, NAMES.get(i)));
                }
            });
            System.out.println("first: " + factory.fromTransaction(CachedTeas::read));
            Statistics statistics = factory.getStatistics();
            statistics.clear();
            List<String> second = factory.fromTransaction(CachedTeas::read);
            System.out.println("second: " + second);
            long sql = statistics.getPrepareStatementCount();
            long hits = statistics.getSecondLevelCacheHitCount() + statistics.getQueryCacheHitCount();
            System.out.println("sql=" + sql + " hits=" + hits);
            // The teas by their ids, and the query's result; the session has the three teas that it names.
            return sql == 0 && hits == NAMES.size() + 1;
        }
    }

    private static SessionFactory factory(String... arguments) {
        Configuration configuration = new Configuration()
                .addAnnotatedClass(Tea.class)
                .setProperty("hibernate.connection.url", "jdbc:h2:mem:teas")
                .setProperty("hibernate.hbm2ddl.auto", "create")
                .setProperty("hibernate.generate_statistics", "true")
                .setProperty("hibernate.cache.region.factory_class", "lockstep")
                .setProperty("hibernate.cache.use_query_cache", "true");
        if (arguments.length > 0) {
            configuration.setProperty("hibernate.lockstep.uri", arguments[0]);
        }
        return configuration.buildSessionFactory();
    }

    private static List<String> read(Session session) {
        List<String> names = new ArrayList<>();
        for (long id = 0; id < NAMES.size(); id++) {
            names.add(session.find(Tea.class, id).name());
        }
        session.createSelectionQuery(QUERY, Tea.class).setCacheable(true).list().forEach(tea -> names.add(tea.name()));
        return names;
    }
}
