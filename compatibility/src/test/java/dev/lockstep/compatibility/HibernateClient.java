package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.persistence.Cacheable;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hibernate.SessionFactory;
import org.hibernate.annotations.Cache;
import org.hibernate.annotations.CacheConcurrencyStrategy;
import org.hibernate.cfg.Configuration;
import org.hibernate.stat.Statistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Hibernate's own JCache region factory. */
@InEachTopology
class HibernateClient {

    private final SessionFactory factory;

    HibernateClient(Topology topology) throws IOException {
        String prefix = Topology.unused("hibernate");
        Configuration configuration = new Configuration()
                .addAnnotatedClass(Book.class)
                .setProperty("hibernate.connection.url", "jdbc:h2:mem:" + prefix + ";DB_CLOSE_DELAY=-1")
                .setProperty("hibernate.hbm2ddl.auto", "create-drop")
                .setProperty("hibernate.generate_statistics", "true")
                .setProperty("hibernate.cache.region.factory_class", "jcache")
                .setProperty("hibernate.cache.region_prefix", prefix)
                .setProperty("hibernate.cache.use_query_cache", "true")
                .setProperty("hibernate.javax.cache.missing_cache_strategy", "create");
        if (topology == Topology.CLIENT) {
            // It takes what a URL can name, and so a file.
            configuration.setProperty("hibernate.javax.cache.uri", clientFile().toString());
        }
        factory = configuration.buildSessionFactory();
    }

    private static URI clientFile() throws IOException {
        Path file = Path.of("target", "lockstep-client.yaml").toAbsolutePath();
        Files.writeString(file, ThreeNodes.clientSettings());
        return file.toUri();
    }

    @AfterEach
    void close() {
        factory.close();
    }

    @Entity
    @Cacheable
    @Cache(usage = CacheConcurrencyStrategy.READ_WRITE)
    static class Book {
        @Id
        private long id;

        private String title;
    }

    @Test
    void entitiesComeFromTheCache() {
        factory.inTransaction(session -> session.persist(book(1, "first")));
        Statistics statistics = factory.getStatistics();
        statistics.clear();
        factory.inTransaction(
                session -> assertThat(session.find(Book.class, 1L).title).isEqualTo("first"));
        assertThat(statistics.getSecondLevelCacheHitCount()).isEqualTo(1);
        assertThat(statistics.getPrepareStatementCount()).isZero();
        factory.inTransaction(session -> session.find(Book.class, 1L).title = "second");
        statistics.clear();
        factory.inTransaction(
                session -> assertThat(session.find(Book.class, 1L).title).isEqualTo("second"));
        assertThat(statistics.getPrepareStatementCount()).isZero();
    }

    @Test
    void queriesComeFromTheCacheUntilTheirTableChanges() {
        factory.inTransaction(session -> session.persist(book(1, "first")));
        assertThat(titles()).isEqualTo(1);
        Statistics statistics = factory.getStatistics();
        statistics.clear();
        assertThat(titles()).isEqualTo(1);
        assertThat(statistics.getQueryCacheHitCount()).isEqualTo(1);
        factory.inTransaction(session -> session.persist(book(2, "second")));
        assertThat(titles()).isEqualTo(2);
    }

    private int titles() {
        return factory.fromTransaction(
                session -> session.createSelectionQuery("select b.title from HibernateClient$Book b", String.class)
                        .setCacheable(true)
                        .getResultList()
                        .size());
    }

    private static Book book(long id, String title) {
        Book book = new Book();
        book.id = id;
        book.title = title;
        return book;
    }
}
