package dev.lockstep.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.protocol.wire.CacheSettings;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.management.CacheStatisticsMXBean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.Cache;
import org.springframework.cache.Cache.ValueRetrievalException;
import org.springframework.cache.Cache.ValueWrapper;
import org.springframework.cache.jcache.JCacheCacheManager;
import org.springframework.cache.transaction.TransactionAwareCacheDecorator;

/** Spring's contract of a cache and its manager, on the single node in memory. */
class LockstepCacheTest {

    private static final URI ALONE = URI.create("lockstep:local");

    private CacheManager jcache;
    private LockstepCacheManager manager;

    @BeforeEach
    void open() {
        jcache = open(Map.of());
        manager = new LockstepCacheManager(jcache);
        manager.afterPropertiesSet();
    }

    private CacheManager open(Map<String, CacheSettings> templates) {
        return LockstepCacheManager.open(
                ALONE, getClass().getClassLoader(), List.of("dev.lockstep.spring.*"), new Properties(), templates);
    }

    @AfterEach
    void close() {
        jcache.close();
    }

    private Cache cache(String name) {
        Cache cache = manager.getCache(name);
        assertThat(cache).isInstanceOf(LockstepCache.class);
        return cache;
    }

    private CacheStatisticsMXBean statistics(String name) {
        return jcache.getCache(name).unwrap(CacheStatisticsMXBean.class);
    }

    private static <T> T end(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    void valuesAndNullsComeBack() {
        Cache cache = cache("values");
        assertThat(cache.get("a")).isNull();
        cache.put("a", 1);
        cache.put("none", null);
        assertThat(cache.get("a")).extracting(ValueWrapper::get).isEqualTo(1);
        assertThat(cache.get("none")).isNotNull().extracting(ValueWrapper::get).isNull();
        assertThat(cache.get("a", Integer.class)).isEqualTo(1);
        assertThatThrownBy(() -> cache.get("a", String.class)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void putIfAbsentStoresOnceAndReturnsThePresentValue() {
        Cache cache = cache("absent");
        assertThat(cache.putIfAbsent("a", 1)).isNull();
        assertThat(cache.putIfAbsent("a", 2))
                .isNotNull()
                .extracting(ValueWrapper::get)
                .isEqualTo(1);
        assertThat(cache.putIfAbsent("none", null)).isNull();
        assertThat(cache.putIfAbsent("none", 2))
                .isNotNull()
                .extracting(ValueWrapper::get)
                .isNull();
    }

    @Test
    void evictionAndInvalidationSayWhatWasThere() {
        Cache cache = cache("evicted");
        cache.put("a", 1);
        cache.put("b", 1);
        assertThat(cache.evictIfPresent("a")).isTrue();
        assertThat(cache.evictIfPresent("a")).isFalse();
        cache.evict("none");
        assertThat(cache.invalidate()).isTrue();
        assertThat(cache.get("b")).isNull();
        assertThat(cache.invalidate()).isFalse();
        cache.put("c", 1);
        cache.clear();
        assertThat(cache.get("c")).isNull();
    }

    @Test
    void aLoaderRunsOnceForAllWhoAsk() throws Exception {
        Cache cache = cache("loaded");
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(8);
        List<CompletableFuture<Integer>> values = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            CompletableFuture<Integer> value = new CompletableFuture<>();
            values.add(value);
            new Thread(() -> {
                        all.countDown();
                        value.complete(cache.get("a", () -> {
                            all.await(30, TimeUnit.SECONDS);
                            return runs.incrementAndGet();
                        }));
                    })
                    .start();
        }
        for (CompletableFuture<Integer> value : values) {
            assertThat(end(value)).isEqualTo(1);
        }
        assertThat(runs).hasValue(1);
    }

    @Test
    void aHitIsCountedOnceAndSoIsALoad() {
        Cache cache = cache("counted");
        assertThat(cache.get("a", () -> 1)).isEqualTo(1);
        assertThat(cache.get("a", () -> 2)).isEqualTo(1);
        assertThat(statistics("counted").getCacheMisses()).isEqualTo(1);
        assertThat(statistics("counted").getCacheHits()).isEqualTo(1);
        assertThat(cache.<Object>get("none", () -> null)).isNull();
        assertThat(cache.<Object>get("none", () -> 1)).isNull();
    }

    @Test
    void aLoadersExceptionIsTheCauseAndNothingIsStored() {
        Cache cache = cache("failing");
        assertThatThrownBy(() -> cache.get("a", () -> {
                    throw new IOException("no");
                }))
                .isInstanceOf(ValueRetrievalException.class)
                .hasCauseInstanceOf(IOException.class);
        assertThat(cache.get("a")).isNull();
    }

    @Test
    void retrievingWaitsForNothing() throws Exception {
        Cache cache = cache("retrieved");
        assertThat(end(cache.retrieve("a"))).isNull();
        CompletableFuture<Integer> load = new CompletableFuture<>();
        AtomicInteger runs = new AtomicInteger();
        List<CompletableFuture<Integer>> values = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            values.add(cache.retrieve("a", () -> {
                runs.incrementAndGet();
                return load;
            }));
        }
        assertThat(values).noneMatch(CompletableFuture::isDone);
        load.complete(7);
        for (CompletableFuture<Integer> value : values) {
            assertThat(end(value)).isEqualTo(7);
        }
        assertThat(runs).hasValue(1);
        assertThat(end(cache.retrieve("a")))
                .isInstanceOfSatisfying(
                        ValueWrapper.class, wrapper -> assertThat(wrapper.get()).isEqualTo(7));
        Integer none = end(cache.retrieve("none", () -> CompletableFuture.<Integer>completedFuture(null)));
        assertThat(none).isNull();
        assertThat(end(cache.retrieve("none")))
                .isInstanceOfSatisfying(
                        ValueWrapper.class, wrapper -> assertThat(wrapper.get()).isNull());
        assertThatThrownBy(() -> end(cache.retrieve("b", () -> CompletableFuture.failedFuture(new IOException("no")))))
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseInstanceOf(IOException.class);
        assertThat(end(cache.retrieve("b"))).isNull();
    }

    @Test
    void aDependentOfRetrieveMayBlockOnTheSameCache() throws Exception {
        Cache cache = cache("dependent");
        CompletableFuture<Integer> load = new CompletableFuture<>();
        // The second one needs the thread on which the first one's stage ended.
        CompletableFuture<Object> nested = cache.retrieve("a", () -> load)
                .thenApply(first -> cache.retrieve("a", () -> CompletableFuture.completedFuture(2))
                        .join());
        load.complete(1);
        assertThat(end(nested)).isEqualTo(1);
    }

    @Test
    void cachesAreCreatedWhenTheyAreAskedForAndObserved() {
        List<String> seen = new ArrayList<>();
        cache("first");
        manager.onCreation(cache -> seen.add(cache.getName()));
        cache("second");
        assertThat(seen).containsExactly("first", "second");
        assertThat(manager.getCacheNames()).containsExactlyInAnyOrder("first", "second");
    }

    @Test
    void namesCanBeFixed() {
        LockstepCacheManager fixed = new LockstepCacheManager(jcache);
        fixed.setCacheNames(List.of("one", "two"));
        fixed.afterPropertiesSet();
        assertThat(fixed.getCacheNames()).containsExactlyInAnyOrder("one", "two");
        assertThat(fixed.getCache("three")).isNull();
        jcache.createCache("three", new MutableConfiguration<>());
        assertThat(fixed.getCache("three")).isNotNull();
    }

    @Test
    void resettingLeavesOtherCachesAlone() {
        javax.cache.Cache<String, Integer> foreign = jcache.createCache(
                "foreign", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
        foreign.put("a", 1);
        cache("own").put("a", 1);
        manager.resetCaches();
        assertThat(cache("own").get("a")).isNull();
        assertThat(foreign.get("a")).isEqualTo(1);
    }

    @Test
    void aTypedCacheOfTheCacheManagerIsUsedAsItIs() {
        jcache.createCache("typed", new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
        cache("typed").put("a", 1);
        assertThatThrownBy(() -> cache("typed").put("a", "text")).isInstanceOf(ClassCastException.class);
    }

    @Test
    void templatesHoldByName() throws Exception {
        try (CacheManager templated = open(Map.of(
                "short-*",
                new CacheSettings(
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Duration.ofMillis(1)),
                        Optional.empty())))) {
            LockstepCacheManager own = new LockstepCacheManager(templated);
            own.afterPropertiesSet();
            own.getCache("short-lived").put("a", 1);
            own.getCache("long-lived").put("a", 1);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (own.getCache("short-lived").get("a") != null) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.onSpinWait();
            }
            assertThat(own.getCache("long-lived").get("a")).isNotNull();
        }
    }

    @Test
    void twoContextsDoNotShareWhatOneOfThemCloses() {
        CacheManager other = open(Map.of());
        other.close();
        cache("alive").put("a", 1);
        assertThat(cache("alive").get("a")).isNotNull();
    }

    @Test
    void cachesCanWaitForTheTransaction() {
        LockstepCacheManager aware = new LockstepCacheManager(jcache);
        aware.setTransactionAware(true);
        aware.afterPropertiesSet();
        assertThat(aware.getCache("aware")).isInstanceOf(TransactionAwareCacheDecorator.class);
    }

    @Test
    void anotherProvidersManagerIsRefused() {
        assertThatThrownBy(() -> new LockstepCacheManager(new ForeignManager()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void springsOwnManagerWorksToo() throws Exception {
        try (LockstepCachingProvider provider = new LockstepCachingProvider();
                CacheManager plain = provider.getCacheManager(ALONE, getClass().getClassLoader(), new Properties())) {
            plain.createCache("plain", new MutableConfiguration<>());
            JCacheCacheManager springs = new JCacheCacheManager(plain);
            springs.afterPropertiesSet();
            Cache cache = springs.getCache("plain");
            assertThat(cache.get("a", () -> 1)).isEqualTo(1);
            assertThat(cache.putIfAbsent("a", 2))
                    .isNotNull()
                    .extracting(ValueWrapper::get)
                    .isEqualTo(1);
            cache.put("none", null);
            assertThat(cache.get("none"))
                    .isNotNull()
                    .extracting(ValueWrapper::get)
                    .isNull();
            assertThat(cache.invalidate()).isTrue();
        }
    }
}
