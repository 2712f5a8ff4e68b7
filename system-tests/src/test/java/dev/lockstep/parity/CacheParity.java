package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheManager;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.EntryProcessing;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;
import javax.cache.integration.CompletionListenerFuture;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The behaviour of a cache where the specification is easy to get wrong: the same for every topology, of which each is
 * a subclass.
 */
abstract class CacheParity {

    private static final int THREADS = 8;

    private CacheManager manager;

    CacheManager manager() {
        return manager;
    }

    /** Names a CacheManager of the topology. */
    abstract URI uri();

    /** The highest term of each group, if there are several nodes: as long as none has changed, no leadership has moved. */
    Map<Integer, Long> terms() {
        return Map.of();
    }

    /**
     * The code ran so many times since the terms were those; only where a leadership has moved meanwhile, and leases ended with it, it may
     * have been run again.
     */
    void assertRuns(AtomicInteger runs, int times, Map<Integer, Long> terms) {
        if (terms().equals(terms)) {
            assertThat(runs).hasValue(times);
        } else {
            assertThat(runs).hasValueGreaterThanOrEqualTo(times);
        }
    }

    private CacheManager open() {
        return Caching.getCachingProvider().getCacheManager(uri(), null);
    }

    /** One more CacheManager with the same URI, of a class loader of its own. */
    CacheManager another() {
        ClassLoader own = new ClassLoader(CacheParity.class.getClassLoader()) {};
        return Caching.getCachingProvider().getCacheManager(uri(), own);
    }

    @BeforeEach
    void openManager() {
        manager = open();
    }

    @AfterEach
    void destroyCaches() {
        manager.getCacheNames().forEach(manager::destroyCache);
        Caching.getCachingProvider().close();
    }

    static MutableConfiguration<String, Integer> types() {
        return new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    }

    static final EntryProcessor<String, Integer, Integer> INCREMENT = (entry, arguments) -> {
        int next = entry.exists() ? entry.getValue() + 1 : 1;
        entry.setValue(next);
        return next;
    };

    // Concurrency

    private static <T> List<T> together(int times, Callable<T> step) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<Future<T>> futures = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            futures.add(pool.submit(step));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(future.get(60, TimeUnit.SECONDS));
        }
        pool.shutdown();
        return results;
    }

    @Test
    void noIncrementIsLostOrAppliedTwiceAndNoneIsRunTwiceUnderOneLeader() throws Exception {
        Cache<String, Integer> cache = manager.createCache("increments", types());
        Map<Integer, Long> terms = terms();
        AtomicInteger runs = new AtomicInteger();
        List<Integer> results = together(
                400,
                () -> cache.invoke("counter", (entry, arguments) -> {
                    runs.incrementAndGet();
                    return INCREMENT.process(entry, arguments);
                }));
        assertThat(results).doesNotHaveDuplicates();
        assertThat(cache.get("counter")).isEqualTo(400);
        assertRuns(runs, 400, terms);
    }

    @Test
    void noIncrementOfProcessorsWithoutLeasesIsLostOrAppliedTwice() throws Exception {
        CacheSettings optimistic = new CacheSettings(
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.of(EntryProcessing.OPTIMISTIC),
                Optional.empty(),
                Optional.empty());
        Cache<String, Integer> cache =
                manager.unwrap(LockstepCacheManager.class).createCache("optimistic", types(), optimistic);
        List<Integer> results = together(400, () -> cache.invoke("counter", INCREMENT));
        assertThat(results).doesNotHaveDuplicates();
        assertThat(cache.get("counter")).isEqualTo(400);
        assertThat(cache.<Integer>invoke("counter", (entry, arguments) -> entry.getValue()))
                .isEqualTo(400);
    }

    @Test
    void oneOfManyConcurrentPutIfAbsentsWins() throws Exception {
        Cache<String, Integer> cache = manager.createCache("races", types());
        AtomicInteger number = new AtomicInteger();
        List<Boolean> won = together(100, () -> cache.putIfAbsent("a", number.incrementAndGet()));
        assertThat(won).containsOnlyOnce(true);
    }

    @Test
    void oneOfManyConcurrentReplacesOfTheSameValueWins() throws Exception {
        Cache<String, Integer> cache = manager.createCache("races", types());
        cache.put("a", 0);
        AtomicInteger number = new AtomicInteger();
        List<Boolean> won = together(100, () -> cache.replace("a", 0, number.incrementAndGet()));
        assertThat(won).containsOnlyOnce(true);
    }

    @Test
    void aMissIsLoadedOnceByHoweverMany() throws Exception {
        AtomicInteger loads = new AtomicInteger();
        Cache<String, Integer> cache = manager.createCache("loaded", readThrough(key -> {
            loads.incrementAndGet();
            return 7;
        }));
        assertThat(together(50, () -> cache.get("a"))).containsOnly(7);
        assertThat(loads).hasValue(1);
    }

    @Test
    void theWriterIsToldInTheOrderOfTheWrites() throws Exception {
        Recorder store = new Recorder();
        Cache<String, Integer> cache = manager.createCache("written", writeThrough(store));
        AtomicInteger number = new AtomicInteger();
        together(200, () -> {
            cache.put("a", number.incrementAndGet());
            return null;
        });
        assertThat(store.calls).hasValue(200);
        assertThat(cache.get("a")).isEqualTo(store.values.get("a"));
    }

    // Loaders

    static MutableConfiguration<String, Integer> readThrough(Load load) {
        return types().setReadThrough(true).setCacheLoaderFactory(() -> new CacheLoader<String, Integer>() {
            @Override
            public Integer load(String key) {
                return load.of(key);
            }

            @Override
            public Map<String, Integer> loadAll(Iterable<? extends String> keys) {
                Map<String, Integer> loaded = new HashMap<>();
                keys.forEach(key -> loaded.put(key, load.of(key)));
                return loaded;
            }
        });
    }

    interface Load {
        Integer of(String key);
    }

    @Test
    void aLoaderThatHasNothingStoresNothing() {
        Cache<String, Integer> cache = manager.createCache("nothing", readThrough(key -> null));
        assertThat(cache.get("a")).isNull();
        assertThat(cache.getAll(Set.of("a", "b"))).isEmpty();
        assertThat(cache.containsKey("a")).isFalse();
    }

    @Test
    void aLoaderThatFailsIsReportedWithItsCauseAndFreesTheEntry() {
        Cache<String, Integer> cache = manager.createCache("failing", readThrough(key -> {
            throw new IllegalArgumentException("no " + key);
        }));
        assertThatThrownBy(() -> cache.get("a"))
                .isInstanceOf(CacheLoaderException.class)
                .hasRootCauseInstanceOf(IllegalArgumentException.class);
        cache.put("a", 1);
        assertThat(cache.invoke("a", INCREMENT)).isEqualTo(2);
    }

    @Test
    void loadAllTellsWhenItIsDoneAndLeavesWhatIsThere() throws Exception {
        Cache<String, Integer> cache = manager.createCache("loads", readThrough(key -> 7));
        cache.put("a", 1);
        CompletionListenerFuture kept = new CompletionListenerFuture();
        cache.loadAll(Set.of("a", "b"), false, kept);
        kept.get(30, TimeUnit.SECONDS);
        assertThat(cache.getAll(Set.of("a", "b"))).isEqualTo(Map.of("a", 1, "b", 7));
        CompletionListenerFuture replaced = new CompletionListenerFuture();
        cache.loadAll(Set.of("a"), true, replaced);
        replaced.get(30, TimeUnit.SECONDS);
        assertThat(cache.get("a")).isEqualTo(7);
    }

    // Writers

    static final class Recorder implements CacheWriter<String, Integer> {

        private final Map<String, Integer> values = new ConcurrentHashMap<>();
        private final AtomicInteger calls = new AtomicInteger();
        private final Set<String> refused = ConcurrentHashMap.newKeySet();
        private Runnable noted = () -> {};

        void willRefuse(String key) {
            refused.add(key);
        }

        Map<String, Integer> values() {
            return values;
        }

        /** Tells of each call, on its thread. */
        Recorder noting(Runnable note) {
            noted = note;
            return this;
        }

        @Override
        public void write(Cache.Entry<? extends String, ? extends Integer> entry) {
            refuse(entry.getKey());
            values.put(entry.getKey(), entry.getValue());
        }

        private void refuse(Object key) {
            calls.incrementAndGet();
            noted.run();
            if (refused.contains(key)) {
                throw new IllegalStateException("refused");
            }
        }

        @Override
        public void writeAll(Collection<Cache.Entry<? extends String, ? extends Integer>> entries) {
            for (Iterator<Cache.Entry<? extends String, ? extends Integer>> left = entries.iterator();
                    left.hasNext(); ) {
                write(left.next());
                left.remove();
            }
        }

        @Override
        public void delete(Object key) {
            refuse(key);
            values.remove(key);
        }

        @Override
        public void deleteAll(Collection<?> keys) {
            for (Iterator<?> left = keys.iterator(); left.hasNext(); ) {
                delete(left.next());
                left.remove();
            }
        }
    }

    static MutableConfiguration<String, Integer> writeThrough(Recorder store) {
        return types().setWriteThrough(true).setCacheWriterFactory(() -> store);
    }

    @Test
    void aValueThatTheWriterRefusesIsNotStoredByAnyWrite() {
        Recorder store = new Recorder();
        Cache<String, Integer> cache = manager.createCache("refusing", writeThrough(store));
        cache.put("a", 1);
        store.refused.add("a");
        List<Runnable> writes = List.of(
                () -> cache.put("a", 2),
                () -> cache.getAndPut("a", 2),
                () -> cache.replace("a", 2),
                () -> cache.replace("a", 1, 2),
                () -> cache.getAndReplace("a", 2),
                () -> cache.putAll(Map.of("a", 2)),
                () -> cache.invoke("a", INCREMENT),
                () -> cache.remove("a"),
                () -> cache.remove("a", 1),
                () -> cache.getAndRemove("a"),
                () -> cache.removeAll(Set.of("a")),
                () -> cache.unwrap(LockstepCache.class).put("a", 2, java.time.Duration.ofMinutes(1)));
        for (Runnable write : writes) {
            assertThatThrownBy(write::run).isInstanceOf(CacheWriterException.class);
            assertThat(cache.get("a")).isEqualTo(1);
        }
    }

    @Test
    void aBatchThatTheWriterAcceptsInPartIsStoredInThatPart() {
        Recorder store = new Recorder();
        Cache<String, Integer> cache = manager.createCache("partly", writeThrough(store));
        store.refused.add("key-7");
        Map<String, Integer> many = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            many.put("key-" + i, i);
        }
        assertThatThrownBy(() -> cache.putAll(many)).isInstanceOf(CacheWriterException.class);
        assertThat(cache.getAll(many.keySet())).isEqualTo(store.values).doesNotContainKey("key-7");
    }

    @Test
    void batchesOfTheSameEntriesInAnyOrderDoNotHoldEachOtherUp() throws Exception {
        Recorder store = new Recorder();
        Cache<String, Integer> cache = manager.createCache("batches", writeThrough(store));
        AtomicInteger number = new AtomicInteger();
        together(60, () -> {
            int own = number.incrementAndGet();
            Map<String, Integer> batch = new LinkedHashMap<>();
            for (int i = 0; i < 10; i++) {
                batch.put("key-" + (own % 2 == 0 ? i : 9 - i), own);
            }
            if (own % 5 == 0) {
                cache.removeAll(batch.keySet());
            } else {
                cache.putAll(batch);
            }
            return null;
        });
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            keys.add("key-" + i);
        }
        assertThat(cache.getAll(keys)).isEqualTo(store.values);
        assertThat(new HashSet<>(store.values.values())).hasSizeLessThanOrEqualTo(1);
    }

    // Processors

    @Test
    void aProcessorThatFailsAfterSetValueChangesNothing() {
        Recorder store = new Recorder();
        Cache<String, Integer> cache = manager.createCache("failing", writeThrough(store));
        assertThatThrownBy(() -> cache.invoke("a", (entry, arguments) -> {
                    entry.setValue(2);
                    throw new IllegalAccessError("no");
                }))
                .isInstanceOf(EntryProcessorException.class)
                .hasRootCauseInstanceOf(IllegalAccessError.class);
        assertThat(cache.containsKey("a")).isFalse();
        assertThat(store.calls).hasValue(0);
    }

    @Test
    void anEntryThatHasExpiredIsAbsentForEveryWriteAndItsProcessorRunsOnce() throws Exception {
        LockstepCache<String, Integer> cache = expiring();
        AtomicInteger runs = new AtomicInteger();
        for (int i = 0; i < 10; i++) {
            String key = "key-" + i;
            cache.put(key, 5, java.time.Duration.ofMillis(1));
            TimeUnit.MILLISECONDS.sleep(3);
            int result = cache.invoke(key, (entry, arguments) -> {
                runs.incrementAndGet();
                return INCREMENT.process(entry, arguments);
            });
            assertThat(result).isEqualTo(1);
        }
        assertThat(runs).hasValue(10);
        List<Callable<Boolean>> onAbsent = List.of(
                () -> cache.replace("a", 1),
                () -> cache.replace("a", 5, 1),
                () -> cache.remove("a"),
                () -> cache.remove("a", 5),
                () -> cache.getAndReplace("a", 1) != null,
                () -> cache.getAndRemove("a") != null,
                () -> cache.containsKey("a"),
                () -> !cache.putIfAbsent("a", 1));
        for (Callable<Boolean> write : onAbsent) {
            cache.put("a", 5, java.time.Duration.ofMillis(1));
            TimeUnit.MILLISECONDS.sleep(3);
            assertThat(write.call()).isFalse();
        }
    }

    @SuppressWarnings("unchecked")
    private LockstepCache<String, Integer> expiring() {
        return manager.createCache("expiring", types()).unwrap(LockstepCache.class);
    }

    // Expiry policies

    @Test
    void aPolicyIsAskedOnceForWhatHasHappenedAndNeverOtherwise() {
        List<String> asked = new CopyOnWriteArrayList<>();
        Cache<String, Integer> cache =
                manager.createCache("asked", types().setExpiryPolicyFactory(() -> new Asked(asked)));
        assertThat(cache.get("a")).isNull();
        cache.containsKey("a");
        cache.remove("a");
        assertThat(asked).isEmpty();
        cache.put("a", 1);
        cache.putIfAbsent("a", 2);
        cache.put("a", 2);
        cache.get("a");
        cache.replace("a", 9, 3);
        cache.invoke("a", INCREMENT);
        assertThat(asked).containsExactly("creation", "update", "access", "access", "update");
    }

    record Asked(List<String> asked) implements ExpiryPolicy {

        @Override
        public Duration getExpiryForCreation() {
            asked.add("creation");
            return Duration.ETERNAL;
        }

        @Override
        public Duration getExpiryForAccess() {
            asked.add("access");
            return null;
        }

        @Override
        public Duration getExpiryForUpdate() {
            asked.add("update");
            return null;
        }
    }

    // Listeners

    private static final class Heard
            implements CacheEntryCreatedListener<String, Integer>, CacheEntryUpdatedListener<String, Integer> {

        private final List<Integer> values = new CopyOnWriteArrayList<>();

        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events) {
            events.forEach(event -> values.add(event.getValue()));
        }

        @Override
        public void onUpdated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events) {
            for (CacheEntryEvent<? extends String, ? extends Integer> event : events) {
                values.add(event.getValue());
                if (event.getValue() < 0) {
                    throw new IllegalStateException("negative");
                }
            }
        }
    }

    @Test
    void aSynchronousListenerHasHeardEachChangeOnceAndInOrderWhenTheWriteReturns() throws Exception {
        Heard heard = new Heard();
        Cache<String, Integer> cache = manager.createCache("heard", types());
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> heard, null, false, true));
        cache.put("a", 1);
        assertThat(heard.values).containsExactly(1);
        cache.putAll(Map.of("a", 2, "b", 3));
        assertThat(heard.values).hasSize(3);
        heard.values.clear();
        together(100, () -> cache.invoke("counter", INCREMENT));
        assertThat(heard.values).hasSize(100).isSorted();
    }

    @Test
    void aListenerThatFailsIsReportedToTheWriteThatWasMadeAndCounted() throws Exception {
        Heard heard = new Heard();
        Cache<String, Integer> cache = manager.createCache("failing", types().setStatisticsEnabled(true));
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> heard, null, false, true));
        cache.put("a", 1);
        assertThatThrownBy(() -> cache.put("a", -1))
                .isInstanceOf(CacheEntryListenerException.class)
                .hasRootCauseMessage("negative");
        assertThat(cache.get("a")).isEqualTo(-1);
        cache.put("a", 2);
        assertThat(heard.values).containsExactly(1, -1, 2);
        assertThat(statistic("failing", "CachePuts")).isEqualTo(3L);
    }

    static Object statistic(String cache, String name) throws Exception {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ObjectName statistics = beans.queryNames(
                        new ObjectName("javax.cache:type=CacheStatistics,Cache=" + cache + ",*"), null)
                .iterator()
                .next();
        return beans.getAttribute(statistics, name);
    }

    @Test
    void aListenerMayWriteToItsOwnCache() {
        Cache<String, Integer> cache = manager.createCache("echo", types());
        CacheEntryUpdatedListener<String, Integer> echo =
                events -> events.forEach(event -> cache.put("echo-" + event.getKey(), event.getValue()));
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> echo, null, false, true));
        cache.put("a", 1);
        cache.put("a", 2);
        assertThat(cache.get("echo-a")).isEqualTo(2);
    }

    static final String LARGE = "x".repeat(100 * 1024);

    /** Notes keys; the first event waits until it may go on. */
    static final class Slow implements CacheEntryCreatedListener<String, String> {

        private final CountDownLatch go;
        final List<String> keys = new CopyOnWriteArrayList<>();

        Slow(CountDownLatch go) {
            this.go = go;
        }

        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends String>> events) {
            AsyncParity.await(go);
            events.forEach(event -> keys.add(event.getKey()));
        }
    }

    @Test
    void aListenerThatFallsBehindMissesNothingAndDelaysNoOther() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Slow slow = new Slow(go);
        Slow prompt = new Slow(new CountDownLatch(0));
        Cache<String, String> cache = large("behind", slow);
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> prompt, null, false, true));
        Set<String> keys = new HashSet<>();
        // More than may wait for a listener, but not more than the shards keep in addition.
        for (int i = 0; i < 190; i++) {
            keys.add("key-" + i);
            cache.put("key-" + i, LARGE);
            assertThat(prompt.keys).hasSize(i + 1);
        }
        assertThat(slow.keys).isEmpty();
        go.countDown();
        Eventually.holds("all is heard", () -> slow.keys.size() >= keys.size());
        assertThat(slow.keys).containsExactlyInAnyOrderElementsOf(keys);
    }

    /** A cache with one asynchronous listener. */
    Cache<String, String> large(String name, Slow slow) {
        Cache<String, String> cache = manager.createCache(
                name, new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> slow, null, false, false));
        return cache;
    }
}
