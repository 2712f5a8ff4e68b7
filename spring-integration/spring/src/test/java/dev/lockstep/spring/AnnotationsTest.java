package dev.lockstep.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheManager;
import javax.cache.annotation.CacheKey;
import javax.cache.annotation.CachePut;
import javax.cache.annotation.CacheRemove;
import javax.cache.annotation.CacheRemoveAll;
import javax.cache.annotation.CacheResult;
import javax.cache.annotation.CacheValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Spring's annotations and JSR-107's own, in a context without Boot. */
class AnnotationsTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(Caching.class);
    private final Shop shop = context.getBean(Shop.class);

    @AfterEach
    void close() {
        context.close();
    }

    @Configuration
    @EnableCaching
    static class Caching {

        @Bean
        CacheManager jcache() {
            return LockstepCacheManager.open(
                    URI.create("lockstep:local"),
                    Caching.class.getClassLoader(),
                    List.of(),
                    new Properties(),
                    Map.of());
        }

        @Bean
        LockstepCacheManager cacheManager(CacheManager jcache) {
            LockstepCacheManager manager = new LockstepCacheManager(jcache);
            manager.setTransactionAware(true);
            return manager;
        }

        @Bean
        Shop shop() {
            return new Shop();
        }
    }

    static class Shop {

        private final AtomicInteger calls = new AtomicInteger();

        public int calls() {
            return calls.get();
        }

        @Cacheable("prices")
        public int price(String name, int pieces) {
            return calls.incrementAndGet();
        }

        @CacheEvict(cacheNames = "prices", allEntries = true, beforeInvocation = true)
        public void raise() {}

        @Cacheable(cacheNames = "synced", sync = true)
        public String synced(String name) throws IOException {
            if (calls.incrementAndGet() > 0 && name.equals("bad")) {
                throw new IOException("no " + name);
            }
            return name;
        }

        @Cacheable(cacheNames = "later", sync = true)
        public CompletableFuture<Integer> later(String name) {
            return CompletableFuture.supplyAsync(calls::incrementAndGet);
        }

        @Cacheable("mono")
        public Mono<Integer> mono(String name) {
            return Mono.fromSupplier(calls::incrementAndGet);
        }

        @Cacheable(cacheNames = "flux", sync = true)
        public Flux<Integer> flux(String name) {
            return Flux.just(1, 2).doOnSubscribe(subscription -> calls.incrementAndGet());
        }

        @CacheResult(cacheName = "stock")
        public Integer stock(String name) {
            return calls.incrementAndGet();
        }

        @CachePut(cacheName = "stock")
        public void count(@CacheKey String name, @CacheValue Integer pieces) {}

        @CacheRemove(cacheName = "stock")
        public void forget(String name) {}

        @CacheRemoveAll(cacheName = "stock")
        public void forgetAll() {}
    }

    @Test
    void springsAnnotationsCache() {
        assertThat(shop.price("tea", 2)).isEqualTo(shop.price("tea", 2)).isEqualTo(1);
        assertThat(shop.price("tea", 3)).isEqualTo(2);
        shop.raise();
        assertThat(shop.price("tea", 2)).isEqualTo(3);
    }

    @Test
    void aSynchronizedMethodRunsOnceAndThrowsItsOwnExceptions() throws Exception {
        assertThat(shop.synced("tea")).isEqualTo(shop.synced("tea"));
        assertThat(shop.calls()).isEqualTo(1);
        assertThatThrownBy(() -> shop.synced("bad"))
                .isInstanceOf(IOException.class)
                .hasMessage("no bad");
    }

    @Test
    void anAsynchronousResultIsCachedOnCompletion() throws Exception {
        CompletableFuture<Integer> first = shop.later("tea");
        CompletableFuture<Integer> second = shop.later("tea");
        assertThat(first.get(30, TimeUnit.SECONDS))
                .isEqualTo(second.get(30, TimeUnit.SECONDS))
                .isEqualTo(1);
        assertThat(shop.mono("tea").block(SOON)).isEqualTo(2);
        assertThat(shop.mono("tea").block(SOON)).isEqualTo(2);
        assertThat(shop.flux("tea").collectList().block(SOON)).containsExactly(1, 2);
        assertThat(shop.flux("tea").collectList().block(SOON)).containsExactly(1, 2);
        assertThat(shop.calls()).isEqualTo(3);
    }

    @Test
    void theAnnotationsOfJsr107Cache() {
        assertThat(shop.stock("tea")).isEqualTo(shop.stock("tea")).isEqualTo(1);
        shop.count("tea", 7);
        assertThat(shop.stock("tea")).isEqualTo(7);
        shop.forget("tea");
        assertThat(shop.stock("tea")).isEqualTo(2);
        shop.forgetAll();
        assertThat(shop.stock("tea")).isEqualTo(3);
    }

    @Test
    void aTransactionalPutIsVisibleAfterTheCommit() {
        LockstepCacheManager manager = context.getBean(LockstepCacheManager.class);
        TransactionTemplate transactions = new TransactionTemplate(new Transactions());
        transactions.executeWithoutResult(status -> {
            manager.getCache("orders").put("a", 1);
            assertThat(manager.getCache("orders").get("a")).isNull();
        });
        assertThat(manager.getCache("orders").get("a")).isNotNull();
        transactions.executeWithoutResult(status -> {
            manager.getCache("orders").put("b", 1);
            status.setRollbackOnly();
        });
        assertThat(manager.getCache("orders").get("b")).isNull();
    }

    /** The parts that concern only their synchronization. */
    @SuppressWarnings("serial")
    private static final class Transactions extends AbstractPlatformTransactionManager
            implements PlatformTransactionManager {

        @Override
        protected Object doGetTransaction() {
            return new Object();
        }

        @Override
        protected void doBegin(Object transaction, TransactionDefinition definition) {}

        @Override
        protected void doCommit(DefaultTransactionStatus status) {}

        @Override
        protected void doRollback(DefaultTransactionStatus status) {}
    }
}
