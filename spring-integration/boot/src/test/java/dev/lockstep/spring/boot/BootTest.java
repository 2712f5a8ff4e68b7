package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.spring.LockstepCache;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.Shop;
import dev.lockstep.spring.boot.app.ShopApplication;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import javax.cache.CacheManager;
import javax.cache.configuration.CompleteConfiguration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cache.Cache;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.cache.support.NoOpCacheManager;
import org.springframework.cache.transaction.TransactionAwareCacheDecorator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The beans of an application that adds the starter, and its ways to configure them. */
class BootTest {

    private static ConfigurableApplicationContext run(Class<?> further, String... properties) {
        return new SpringApplicationBuilder(ShopApplication.class, further)
                .web(WebApplicationType.NONE)
                .run(arguments(properties));
    }

    private static ConfigurableApplicationContext run(String... properties) {
        return run(ShopApplication.class, properties);
    }

    private static String[] arguments(String... properties) {
        return java.util.stream.Stream.of(properties).map(one -> "--" + one).toArray(String[]::new);
    }

    @Test
    void methodsAreCachedWithNothingButTheStarter() {
        CacheManager jcache;
        try (ConfigurableApplicationContext context = run()) {
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isEqualTo(shop.price("tea")).isEqualTo(1);
            assertThat(shop.synced("tea")).isEqualTo(shop.synced("tea")).isEqualTo(2);
            assertThat(shop.stock("tea")).isEqualTo(shop.stock("tea")).isEqualTo(3);
            Cache cache = context.getBean(org.springframework.cache.CacheManager.class)
                    .getCache("prices");
            assertThat(cache).isInstanceOf(LockstepCache.class);
            jcache = context.getBean(CacheManager.class);
            assertThat(jcache.isClosed()).isFalse();
        }
        assertThat(jcache.isClosed()).isTrue();
    }

    @Test
    void aContextThatEndsLeavesAnotherAlone() {
        try (ConfigurableApplicationContext context = run()) {
            run().close();
            assertThat(context.getBean(Shop.class).price("tea")).isEqualTo(1);
        }
    }

    @Test
    void anotherTypeOfCacheIsLeftToBoot() {
        try (ConfigurableApplicationContext context = run(Enabled.class, "spring.cache.type=simple")) {
            assertThat(context.getBean(org.springframework.cache.CacheManager.class))
                    .isInstanceOf(ConcurrentMapCacheManager.class);
            assertThat(context.getBeanNamesForType(CacheManager.class)).isEmpty();
        }
        try (ConfigurableApplicationContext context = run(Enabled.class, "spring.cache.type=none")) {
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isNotEqualTo(shop.price("tea"));
        }
        try (ConfigurableApplicationContext context = run(Enabled.class, "spring.cache.type=jcache")) {
            assertThat(context.getBean(org.springframework.cache.CacheManager.class))
                    .isInstanceOf(LockstepCacheManager.class);
        }
    }

    @Test
    void anotherTypeOfCacheNeedsNoFurtherAnnotation() {
        try (ConfigurableApplicationContext context = run("spring.cache.type=simple")) {
            assertThat(context.getBean(org.springframework.cache.CacheManager.class))
                    .isInstanceOf(ConcurrentMapCacheManager.class);
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isEqualTo(shop.price("tea")).isEqualTo(1);
        }
        try (ConfigurableApplicationContext context = run("spring.cache.type=none")) {
            assertThat(context.getBean(org.springframework.cache.CacheManager.class))
                    .isInstanceOf(NoOpCacheManager.class);
            Shop shop = context.getBean(Shop.class);
            assertThat(shop.price("tea")).isNotEqualTo(shop.price("tea"));
        }
    }

    @Configuration
    @EnableCaching
    static class Enabled {}

    @Test
    void aCacheManagerOfTheApplicationsOwnHolds() {
        try (ConfigurableApplicationContext context = run(Own.class)) {
            assertThat(context.getBean(org.springframework.cache.CacheManager.class))
                    .isInstanceOf(ConcurrentMapCacheManager.class);
            assertThat(context.getBeanNamesForType(CacheManager.class)).isEmpty();
        }
    }

    @Configuration
    static class Own {
        @Bean
        org.springframework.cache.CacheManager own() {
            return new ConcurrentMapCacheManager();
        }
    }

    @Test
    void namesCanBeFixed() {
        try (ConfigurableApplicationContext context = run("spring.cache.cache-names=prices,synced")) {
            LockstepCacheManager manager = context.getBean(LockstepCacheManager.class);
            assertThat(manager.getCacheNames()).containsExactlyInAnyOrder("prices", "synced");
            assertThat(manager.getCache("others")).isNull();
        }
    }

    @Test
    void aConfigurationOfCachesHolds() {
        try (ConfigurableApplicationContext context = run(Configured.class)) {
            context.getBean(LockstepCacheManager.class).getCache("any");
            CompleteConfiguration<?, ?> configuration =
                    context.getBean(CacheManager.class).getCache("any").getConfiguration(CompleteConfiguration.class);
            assertThat(configuration.isManagementEnabled()).isTrue();
        }
    }

    @Configuration
    static class Configured {
        @Bean
        javax.cache.configuration.Configuration<Object, Object> configuration() {
            return new javax.cache.configuration.MutableConfiguration<>().setManagementEnabled(true);
        }
    }

    @Test
    void cachesThatTheApplicationNamesAreThereAtTheStart() {
        try (ConfigurableApplicationContext context = run(
                Elsewhere.class, "lockstep.caches.named.max-entries=10", "lockstep.caches[pattern-*].max-entries=10")) {
            assertThat(context.getBean(CacheManager.class).getCacheNames())
                    .containsExactlyInAnyOrder("later", "named", "plain", "prices", "stock", "synced");
        }
    }

    @Configuration
    static class Elsewhere {
        @Bean
        Elsewhere.Kept kept() {
            return new Kept();
        }

        static class Kept {
            @Cacheable(cacheNames = "elsewhere", cacheManager = "anotherManager")
            public int kept() {
                return 1;
            }
        }
    }

    @Test
    void theStartSaysWhereTheEntriesAre() {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            run("logging.level.dev.lockstep=info").close();
        } finally {
            System.setOut(out);
        }
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("Lockstep: node in memory");
    }

    @Test
    void lifetimesAndBoundsComeFromProperties() throws Exception {
        try (ConfigurableApplicationContext context = run(
                "lockstep.caches[short-*].time-to-live=1ms",
                "lockstep.caches[bounded*].max-entries=10",
                "lockstep.caches.prices.consistency=strong",
                "lockstep.caches.prices.time-to-idle=1h")) {
            LockstepCacheManager manager = context.getBean(LockstepCacheManager.class);
            manager.getCache("short-lived").put("a", 1);
            Eventually.holds("it is over", () -> manager.getCache("short-lived").get("a") == null);
            for (int i = 0; i < 1_000; i++) {
                manager.getCache("bounded-one").put(i, i);
            }
            javax.cache.Cache<Object, Object> bounded =
                    context.getBean(CacheManager.class).getCache("bounded-one");
            Eventually.holds(
                    "the bound is kept",
                    () -> bounded.unwrap(dev.lockstep.jcache.LockstepCache.class)
                                    .size()
                            <= 10);
            assertThat(context.getBean(Shop.class).price("tea")).isEqualTo(1);
            assertThat(context.getBean(Shop.class).price("tea")).isEqualTo(1);
        }
    }

    @Test
    void aFileOfSettingsIsTaken() throws Exception {
        for (String property : List.of("lockstep.config", "spring.cache.jcache.config")) {
            try (ConfigurableApplicationContext context = run(property + "=classpath:short-lived.yaml")) {
                assertThat(context.getBean(CacheManager.class).getURI()).hasToString("classpath:short-lived.yaml");
                Cache cache = context.getBean(LockstepCacheManager.class).getCache("brief");
                cache.put("a", 1);
                Eventually.holds("it is over", () -> cache.get("a") == null);
            }
        }
    }

    @Test
    void putsCanWaitForTheTransaction() {
        try (ConfigurableApplicationContext context = run("lockstep.transaction-aware=true")) {
            assertThat(context.getBean(LockstepCacheManager.class).getCache("any"))
                    .isInstanceOf(TransactionAwareCacheDecorator.class);
        }
    }

    @Test
    void aClusterThatDoesNotAnswerEndsTheStart() {
        long start = System.nanoTime();
        assertThatThrownBy(() -> run("lockstep.servers=127.0.0.1:1", "lockstep.timeout=2s"))
                .hasStackTraceContaining("127.0.0.1:1");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void propertiesOfTheStarterMayBeSystemProperties() {
        String property = "lockstep.caches[prices].timeToLive";
        System.setProperty(property, "soon");
        try {
            assertThatThrownBy(BootTest::run).rootCause().hasMessageContaining("soon");
            System.setProperty(property, "1h");
            run().close();
        } finally {
            System.clearProperty(property);
        }
    }
}
