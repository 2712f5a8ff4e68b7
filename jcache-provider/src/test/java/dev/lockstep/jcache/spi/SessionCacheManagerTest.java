package dev.lockstep.jcache.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.ClientCounts;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.expiry.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The caches of a manager as JSR-107's {@link CacheManager} describes them, over a session with a cluster on loopback. */
class SessionCacheManagerTest {

    private static final CacheSettings BOUNDED = bounded(7);

    private final LockstepCachingProvider provider = new LockstepCachingProvider();
    private final MutableConfiguration<String, Integer> configuration =
            new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    private final List<String> closed = new ArrayList<>();
    private ListeningCluster cluster;
    private CacheManager manager;

    @BeforeEach
    void open() throws IOException {
        cluster = new ListeningCluster();
        manager = provider.getCacheManager(
                cluster.uri(), null, null, ClientIdentity.OF_SETTINGS, Map.of("bounded-*", BOUNDED));
    }

    @AfterEach
    void close() {
        provider.close();
        cluster.close();
    }

    private static CacheSettings bounded(long entries) {
        return new CacheSettings(
                OptionalLong.of(entries),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static CacheDefinition definition(String keyType, ExpiryRule expiry, String policy) {
        return new CacheDefinition("theirs", keyType, "java.lang.Integer", expiry, policy, 0, Consistency.SESSION);
    }

    private final class Listener implements CacheEntryCreatedListener<String, Integer>, Closeable {
        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events) {}

        @Override
        public void close() {
            closed.add("listener");
        }
    }

    @Test
    void aCacheIsCreatedOnceAndFoundUnderItsName() {
        Cache<String, Integer> cache = manager.createCache("prices", configuration);

        assertThat((Object) manager.getCache("prices")).isSameAs(cache);
        assertThat((Object) manager.getCache("prices", String.class, Integer.class))
                .isSameAs(cache);
        assertThat((Object) manager.getCache("unknown")).isNull();
        assertThat(manager.getCacheNames()).containsExactly("prices");
        assertThatThrownBy(() -> manager.createCache("prices", configuration))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("prices");
    }

    @Test
    void aCacheIsRefusedUnderOtherTypesThanItsOwn() {
        manager.createCache("prices", configuration);

        assertThatThrownBy(() -> manager.getCache("prices", Long.class, Integer.class))
                .isInstanceOf(ClassCastException.class)
                .hasMessage("Cache prices has keys of java.lang.String, not of java.lang.Long");
        assertThatThrownBy(() -> manager.getCache("prices", String.class, Object.class))
                .isInstanceOf(ClassCastException.class)
                .hasMessageContaining("values of java.lang.Integer");
    }

    @Test
    void theConfigurationIsACopyOfTheOneThatTheCacheWasCreatedWith() {
        Cache<String, Integer> cache = manager.createCache("prices", configuration);
        configuration.setStatisticsEnabled(true);

        CompleteConfiguration<?, ?> own = cache.getConfiguration(CompleteConfiguration.class);
        assertThat(own.isStatisticsEnabled()).isFalse();
        manager.enableStatistics("prices", true);
        manager.enableManagement("prices", true);
        own = cache.getConfiguration(CompleteConfiguration.class);
        assertThat(own.isStatisticsEnabled()).isTrue();
        assertThat(own.isManagementEnabled()).isTrue();
    }

    @Test
    void aCacheOfAnotherClientIsOpenedWithItsTypesAndItsExpiry() {
        ExpiryRule rule = new ExpiryRule(Lifetime.ofMillis(5_000), Lifetime.UNCHANGED, Lifetime.UNCHANGED);
        cluster.create(definition("java.lang.String", rule, ""));

        Cache<Object, Object> cache = manager.getCache("theirs");
        CompleteConfiguration<?, ?> own = cache.getConfiguration(CompleteConfiguration.class);
        assertThat(own.getKeyType()).isEqualTo(String.class);
        assertThat(own.getExpiryPolicyFactory().create().getExpiryForCreation())
                .isEqualTo(new Duration(TimeUnit.SECONDS, 5));
        assertThat((Object) manager.getCache("theirs")).isSameAs(cache);
    }

    @Test
    void aCacheThatNeedsTheApplicationsPolicyOrClassesIsNotOpenedWithout() {
        cluster.create(definition("java.lang.String", ExpiryRule.ETERNAL, "com.example.Policy"));
        assertThatThrownBy(() -> manager.getCache("theirs"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("com.example.Policy")
                .hasMessageContaining("createCache");

        cluster.create(definition("com.example.Key", ExpiryRule.ETERNAL, ""));
        assertThatThrownBy(() -> manager.getCache("theirs"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("com.example.Key");
    }

    @Test
    void destroyCacheClosesTheCacheAndTakesItFromTheCluster() {
        Cache<String, Integer> cache = manager.createCache("prices", configuration);
        manager.destroyCache("prices");
        manager.destroyCache("unknown");

        assertThat(cache.isClosed()).isTrue();
        assertThat(cluster.names()).isEmpty();
        assertThat((Object) manager.getCache("prices")).isNull();
    }

    @Test
    void aCacheThatAnotherClientHasDestroyedAndCreatedAnewIsAnotherCache() {
        Cache<String, Integer> first = manager.createCache("theirs", configuration);
        cluster.destroy("theirs");
        cluster.create(definition("java.lang.String", ExpiryRule.ETERNAL, ""));

        assertThat((Object) manager.getCache("theirs")).isNotNull().isNotSameAs(first);
        assertThat(first.isClosed()).isTrue();
        cluster.destroy("theirs");
        assertThat(manager.createCache("theirs", configuration).isClosed()).isFalse();
    }

    @Test
    void aClosedCacheIsForgottenAndCanBeOpenedAgain() {
        LockstepCacheManager own = manager.unwrap(LockstepCacheManager.class);
        Cache<String, Integer> first = manager.createCache("prices", configuration);
        assertThat(own.isOpen("prices")).isTrue();
        first.close();

        assertThat(own.isOpen("prices")).isFalse();
        assertThat((Object) manager.getCache("prices")).isNotNull().isNotSameAs(first);
    }

    @Test
    void settingsOfTheProgramAndOfTheFirstTemplateThatMatchesAreProposed() {
        manager.unwrap(LockstepCacheManager.class).createCache("bounded-prices", configuration, bounded(1));
        manager.createCache("prices", configuration);

        CacheProposal first = cluster.proposals().get(0);
        assertThat(first.own()).isEqualTo(bounded(1));
        assertThat(first.template()).isEqualTo(BOUNDED);
        assertThat(first.place()).isEqualTo("lockstep.caches[bounded-*]");
        assertThat(cluster.proposals().get(1).template()).isEqualTo(CacheSettings.NOTHING);
    }

    @Test
    void aFactoryThatFailsLeavesNoCacheInTheCluster() {
        configuration.setReadThrough(true).setCacheLoaderFactory(() -> {
            throw new IllegalStateException("no database");
        });

        assertThatThrownBy(() -> manager.createCache("prices", configuration))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("no database");
        assertThat(cluster.proposals()).isEmpty();
    }

    @Test
    void aCacheThatWasCreatedAndCannotBeOpenedIsDestroyedAgainUnlessItIsAnothers() {
        cluster.refuseToCount();
        configuration.addCacheEntryListenerConfiguration(
                new MutableCacheEntryListenerConfiguration<>(Listener::new, null, false, true));

        assertThatThrownBy(() -> manager.createCache("prices", configuration)).isInstanceOf(CacheException.class);
        assertThat(cluster.names()).isEmpty();
        assertThat(closed).containsExactly("listener");
        assertThat(manager.unwrap(LockstepCacheManager.class).isOpen("prices")).isFalse();

        cluster.create(definition("java.lang.String", ExpiryRule.ETERNAL, ""));
        assertThatThrownBy(() -> manager.createCache("theirs", configuration)).isInstanceOf(CacheException.class);
        assertThat(cluster.names()).containsExactly("theirs");
    }

    @Test
    void storingByReferenceIsRefusedToAClient() {
        configuration.setStoreByValue(false);

        assertThatThrownBy(() -> manager.createCache("prices", configuration))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(cluster.proposals()).isEmpty();
    }

    @Test
    void nullIsRefused() {
        assertThatThrownBy(() -> manager.createCache(null, configuration)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.createCache("prices", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.getCache(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.getCache("prices", null, Integer.class))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.destroyCache(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.enableStatistics(null, true)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.enableManagement(null, true)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void closeClosesTheCachesAndRefusesEverythingElse() {
        Cache<String, Integer> cache = manager.createCache("prices", configuration);
        manager.close();
        manager.close();

        assertThat(manager.isClosed()).isTrue();
        assertThat(cache.isClosed()).isTrue();
        assertThat(cluster.names()).as("a closed cache stays in the cluster").containsExactly("prices");
        assertThatThrownBy(() -> manager.createCache("prices", configuration))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> manager.getCache("prices")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> manager.getCacheNames()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> manager.destroyCache("prices")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> manager.enableStatistics("prices", true)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> manager.enableManagement("prices", true)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theManagerOfLockstepCountsReplicasByStateAndSaysWhereTheEntriesAre() {
        LockstepCacheManager own = manager.unwrap(LockstepCacheManager.class);

        assertThat(own.replicas())
                .isEqualTo(Map.of(ReplicaStatus.State.INTACT, 2L, ReplicaStatus.State.CATCHING_UP, 1L));
        assertThat(own.location())
                .isEqualTo("client of 127.0.0.1:" + cluster.uri().getPort() + ", cluster test");
        assertThatThrownBy(() -> manager.unwrap(String.class)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void requestsAndConnectionsThatAreOpenedAgainAreCounted() throws Exception {
        LockstepCacheManager own = manager.unwrap(LockstepCacheManager.class);
        assertThat(own.counts()).isEqualTo(new ClientCounts(0, 0, 0, 0, java.time.Duration.ZERO));
        assertThat(own.staleness()).isEmpty();

        Cache<String, Integer> cache = manager.createCache("prices", configuration);
        assertThatThrownBy(() -> cache.put("tea", 1)).isInstanceOf(CacheException.class);
        awaitEnded(own, 2);
        ClientCounts before = own.counts();
        assertThat(before).isEqualTo(new ClientCounts(1, 1, 0, 0, before.latency()));
        assertThat(before.latency()).isPositive();

        cluster.restart();
        assertThat(manager.getCacheNames()).containsExactly("prices");
        awaitEnded(own, 3);
        ClientCounts after = own.counts();
        assertThat(after).isEqualTo(new ClientCounts(2, 1, after.retries(), 1, after.latency()));
        assertThat(after.latency()).isGreaterThan(before.latency());
        manager.close();
        assertThat(own.counts().successes()).isEqualTo(2);
    }

    /** A caller may have its answer before that is counted. */
    private static void awaitEnded(LockstepCacheManager own, long requests) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (own.counts().successes() + own.counts().failures() < requests) {
            assertThat(System.nanoTime()).as("counted: %s", own.counts()).isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    @Test
    void fiftyCachesWithListenersShareOneChangeStreamOfTheShard() throws Exception {
        for (int i = 0; i < 200; i++) {
            Cache<String, Integer> cache = manager.createCache("cache-" + i, configuration);
            if (i % 4 == 0) {
                for (boolean synchronous : new boolean[] {true, false}) {
                    cache.registerCacheEntryListener(
                            new MutableCacheEntryListenerConfiguration<>(Listener::new, null, false, synchronous));
                }
            }
        }
        awaitStreams(List.of(50));
        manager.getCache("cache-0").close();
        manager.destroyCache("cache-4");
        awaitStreams(List.of(48));
        manager.close();
        awaitStreams(List.of());
    }

    /** A stream that takes another's place opens before that ends. */
    private void awaitStreams(List<Integer> cachesByStream) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!cluster.cachesByStream().equals(cachesByStream)) {
            assertThat(System.nanoTime())
                    .as("open streams: %s", cluster.cachesByStream())
                    .isLessThan(deadline);
            Thread.sleep(1);
        }
    }
}
