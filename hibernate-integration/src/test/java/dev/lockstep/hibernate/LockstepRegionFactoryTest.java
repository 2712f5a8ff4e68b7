package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.hibernate.model.Country;
import dev.lockstep.hibernate.model.Memo;
import dev.lockstep.hibernate.model.Note;
import jakarta.persistence.Cacheable;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import org.hibernate.SessionFactory;
import org.hibernate.annotations.Cache;
import org.hibernate.annotations.CacheConcurrencyStrategy;
import org.hibernate.cfg.Configuration;
import org.hibernate.stat.CacheRegionStatistics;
import org.junit.jupiter.api.Test;

/** The region factory in one JVM, on the single node in memory. */
class LockstepRegionFactoryTest {

    @Entity
    @Cacheable
    @Cache(usage = CacheConcurrencyStrategy.TRANSACTIONAL)
    static class Account {
        @Id
        Long id = 0L;
    }

    private static Configuration configuration(String database) {
        return new Configuration()
                .setProperty("hibernate.connection.url", "jdbc:h2:mem:" + database)
                .setProperty("hibernate.hbm2ddl.auto", "create-drop")
                .setProperty("hibernate.generate_statistics", "true")
                .setProperty("hibernate.cache.use_query_cache", "true")
                .setProperty("hibernate.cache.region.factory_class", "lockstep")
                .setProperty(LockstepSettings.URI_PROPERTY, "lockstep:local");
    }

    private static SessionFactory factory(String database) {
        return configuration(database)
                .addAnnotatedClass(Note.class)
                .addAnnotatedClass(Memo.class)
                .addAnnotatedClass(Country.class)
                .buildSessionFactory();
    }

    @Test
    void readsWhatIsReadOnlyFromTheCache() {
        try (SessionFactory factory = factory("readOnly")) {
            factory.inTransaction(session -> {
                Country wales = new Country();
                wales.id = 1L;
                wales.name = "Wales";
                session.persist(wales);
            });
            factory.getCache().evictAllRegions();
            for (int i = 0; i < 3; i++) {
                String name = factory.fromTransaction(session -> session.find(Country.class, 1L).name);
                assertThat(name).isEqualTo("Wales");
            }
            CacheRegionStatistics statistics =
                    factory.getStatistics().getCacheRegionStatistics(Country.class.getName());
            assertThat(statistics.getHitCount()).isEqualTo(2);
            assertThat(statistics.getMissCount()).isEqualTo(1);
            assertThat(statistics.getPutCount()).isEqualTo(2);
            assertThat(statistics.getElementCountInMemory()).isEqualTo(1);
        }
    }

    @Test
    void aRegionHasTheBoundAndTheLifetimeThatAreSet() throws Exception {
        try (SessionFactory factory = configuration("bounded")
                .addAnnotatedClass(Country.class)
                .addAnnotatedClass(Memo.class)
                .setProperty("hibernate.lockstep.region.*.Country.max-entries", "5")
                .setProperty("hibernate.lockstep.region.*.Memo.time-to-live", "50ms")
                .buildSessionFactory()) {
            factory.inTransaction(session -> {
                for (long id = 1; id <= 50; id++) {
                    Country country = new Country();
                    country.id = id;
                    session.persist(country);
                }
                session.persist(new Memo());
            });
            // Fewer, if several shards saw that there were too many, and each gave one back.
            Eventually.holds(
                    () -> "there are five at most, not " + count(factory, Country.class),
                    () -> count(factory, Country.class) <= 5);
            factory.inTransaction(session -> session.find(Memo.class, 0L));
            Eventually.holds("the lifetime", () -> count(factory, Memo.class) == 0);
        }
    }

    private static long count(SessionFactory factory, Class<?> region) {
        return factory.getStatistics()
                .getCacheRegionStatistics(region.getName())
                .getElementCountInMemory();
    }

    @Test
    void refusesTransactionalAccess() {
        Configuration configuration = configuration("transactional").addAnnotatedClass(Account.class);
        assertThatThrownBy(configuration::buildSessionFactory)
                .hasStackTraceContaining("can't be TRANSACTIONAL: Lockstep takes no part in JTA transactions");
    }

    @Test
    void refusesAPropertyThatDoesNotExist() {
        Configuration configuration = configuration("unknown").setProperty("hibernate.lockstep.lock-live", "1s");
        assertThatThrownBy(configuration::buildSessionFactory)
                .hasStackTraceContaining("There is no property hibernate.lockstep.lock-live");
    }
}
