package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.LockstepCache;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryExpiredListener;
import javax.cache.event.CacheEntryListener;
import javax.cache.event.CacheEntryRemovedListener;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import javax.cache.processor.EntryProcessorException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JSR-107 through {@code Caching}, on the single embedded node. */
@Tag("slow")
class EmbeddedCacheTest {

    private CacheManager manager;
    private Cache<String, Integer> cache;

    @BeforeEach
    void open() {
        manager = Caching.getCachingProvider().getCacheManager();
        cache = manager.createCache("numbers", types());
    }

    private static MutableConfiguration<String, Integer> types() {
        return new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    }

    @AfterEach
    void close() {
        Caching.getCachingProvider().close();
    }

    @Test
    void everyWriteDoesWhatTheSpecificationSays() {
        assertThat(cache.get("a")).isNull();
        cache.put("a", 1);
        assertThat(cache.get("a")).isEqualTo(1);
        assertThat(cache.getAndPut("a", 2)).isEqualTo(1);
        assertThat(cache.putIfAbsent("a", 3)).isFalse();
        assertThat(cache.putIfAbsent("b", 3)).isTrue();
        assertThat(cache.replace("a", 9, 4)).isFalse();
        assertThat(cache.replace("a", 2, 4)).isTrue();
        assertThat(cache.replace("none", 4)).isFalse();
        assertThat(cache.getAndReplace("a", 5)).isEqualTo(4);
        assertThat(cache.remove("a", 4)).isFalse();
        assertThat(cache.remove("a", 5)).isTrue();
        assertThat(cache.remove("a")).isFalse();
        assertThat(cache.getAndRemove("b")).isEqualTo(3);
        assertThat(cache.containsKey("b")).isFalse();
    }

    @Test
    void manyAtOnceAndIteration() {
        Map<String, Integer> many = new HashMap<>();
        for (int i = 0; i < 3_000; i++) {
            many.put("key-" + i, i);
        }
        cache.putAll(many);
        assertThat(cache.getAll(many.keySet())).isEqualTo(many);
        Map<String, Integer> iterated = new HashMap<>();
        cache.forEach(entry -> iterated.put(entry.getKey(), entry.getValue()));
        assertThat(iterated).isEqualTo(many);
        var iterator = cache.iterator();
        String first = iterator.next().getKey();
        iterator.remove();
        assertThat(cache.containsKey(first)).isFalse();
        cache.removeAll(Set.of("key-1", "key-2"));
        assertThat(cache.getAll(Set.of("key-1", "key-2"))).isEmpty();
        cache.removeAll();
        assertThat(cache.iterator().hasNext()).isFalse();
    }

    @Test
    void aLambdaIncrementsWithoutLosingAnUpdate() throws Exception {
        inParallel(() -> cache.invoke("counter", (entry, arguments) -> {
            entry.setValue(entry.exists() ? entry.getValue() + 1 : 1);
            return null;
        }));
        assertThat(cache.get("counter")).isEqualTo(1_000);
    }

    @Test
    void compareAndSetIncrementsWithoutLosingAnUpdate() throws Exception {
        cache.put("counter", 0);
        inParallel(() -> {
            Integer seen = cache.get("counter");
            while (!cache.replace("counter", seen, seen + 1)) {
                seen = cache.get("counter");
            }
            return null;
        });
        assertThat(cache.get("counter")).isEqualTo(1_000);
    }

    private static void inParallel(Callable<?> step) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<?>> futures = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            futures.add(pool.submit(step));
        }
        for (Future<?> future : futures) {
            future.get(60, TimeUnit.SECONDS);
        }
        pool.shutdown();
    }

    @Test
    void aProcessorThatFailsAfterSetValueChangesNothingAndFreesTheEntry() {
        cache.put("a", 1);
        assertThatThrownBy(() -> cache.invoke("a", (entry, arguments) -> {
                    entry.setValue(2);
                    throw new IllegalAccessError("no");
                }))
                .isInstanceOf(EntryProcessorException.class)
                .hasRootCauseInstanceOf(IllegalAccessError.class);
        assertThat(cache.get("a")).isEqualTo(1);
        assertThat(cache.<Integer>invoke("a", (entry, arguments) -> entry.getValue()))
                .isEqualTo(1);
        cache.invoke("a", (entry, arguments) -> {
            entry.remove();
            return null;
        });
        assertThat(cache.containsKey("a")).isFalse();
    }

    @Test
    void aProcessorWhoseValueCanNotBeStoredFreesTheEntry() {
        Cache<String, Object> objects = manager.createCache(
                "objects", new MutableConfiguration<String, Object>().setTypes(String.class, Object.class));
        assertThatThrownBy(() -> objects.invoke("a", (entry, arguments) -> {
                    entry.setValue(new Object());
                    return null;
                }))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("java.lang.Object");
        assertThat(objects.<Boolean>invoke("a", (entry, arguments) -> entry.exists()))
                .isFalse();
    }

    @Test
    void entriesExpire() throws Exception {
        Cache<String, Integer> brief = manager.createCache(
                "brief",
                types().setExpiryPolicyFactory(CreatedExpiryPolicy.factoryOf(new Duration(TimeUnit.MILLISECONDS, 50))));
        brief.put("a", 1);
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (brief.get("a") != null && System.nanoTime() < giveUp) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(brief.get("a")).isNull();
        assertThat(brief.putIfAbsent("a", 2)).isTrue();
    }

    @Test
    void nullsClosedCachesAndWrongTypesAreRefused() {
        assertThatThrownBy(() -> cache.put(null, 1)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> cache.put("a", null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> manager.getCache("numbers", String.class, Long.class))
                .isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> manager.createCache("numbers", types())).isInstanceOf(CacheException.class);
        assertThatThrownBy(() -> Caching.getCachingProvider().getCacheManager(URI.create("ftp://x"), null))
                .isInstanceOf(CacheException.class);
        cache.close();
        assertThatThrownBy(() -> cache.get("a")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingDeletesNothingAndDestroyingDoes() {
        cache.put("a", 1);
        cache.close();
        Cache<String, Integer> again = manager.getCache("numbers", String.class, Integer.class);
        assertThat(again.get("a")).isEqualTo(1);
        manager.destroyCache("numbers");
        assertThat(manager.getCacheNames()).isEmpty();
        assertThat(again.isClosed()).isTrue();
        assertThat(manager.createCache("numbers", types()).get("a")).isNull();
    }

    @Test
    void aCacheThatIsAttachedToKeepsItsExpiry() {
        manager.createCache(
                "brief",
                types().setExpiryPolicyFactory(CreatedExpiryPolicy.factoryOf(new Duration(TimeUnit.MINUTES, 3))));
        manager.getCache("brief").close();
        Cache<String, Integer> attached = manager.getCache("brief", String.class, Integer.class);
        @SuppressWarnings("unchecked")
        CompleteConfiguration<String, Integer> configuration = attached.getConfiguration(CompleteConfiguration.class);
        ExpiryPolicy policy = configuration.getExpiryPolicyFactory().create();
        assertThat(policy.getExpiryForCreation()).isEqualTo(new Duration(TimeUnit.MINUTES, 3));
        assertThat(policy.getExpiryForUpdate()).isNull();
    }

    @Test
    void theTemplateWhoseNameFitsDecidesWhatTheConfigurationLeavesOpen(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("lockstep.yaml");
        Files.writeString(file, "caches:\n  \"brief-*\":\n    time-to-live: 30ms\n    consistency: strong\n");
        CacheManager own = Caching.getCachingProvider().getCacheManager(file.toUri(), null);
        Cache<String, Integer> brief = own.createCache("brief-1", types());
        Cache<String, Integer> other = own.createCache("other", types());
        brief.put("a", 1);
        other.put("a", 1);
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (brief.get("a") != null && System.nanoTime() < giveUp) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(brief.get("a")).isNull();
        assertThat(other.get("a")).isEqualTo(1);
    }

    @Test
    void aBoundedCacheKeepsWhatFitsAndEvictsTheRestWithoutAWord(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("lockstep.yaml");
        Files.writeString(file, "caches:\n  bounded: {max-entries: 100}\n");
        CacheManager own = Caching.getCachingProvider().getCacheManager(file.toUri(), null);
        Cache<Integer, Integer> bounded = own.createCache(
                "bounded", new MutableConfiguration<Integer, Integer>().setTypes(Integer.class, Integer.class));
        AtomicInteger created = new AtomicInteger();
        AtomicInteger gone = new AtomicInteger();
        CacheEntryCreatedListener<Integer, Integer> whenCreated =
                events -> events.forEach(e -> created.incrementAndGet());
        CacheEntryRemovedListener<Integer, Integer> whenRemoved = events -> events.forEach(e -> gone.incrementAndGet());
        CacheEntryExpiredListener<Integer, Integer> whenExpired = events -> events.forEach(e -> gone.incrementAndGet());
        for (CacheEntryListener<Integer, Integer> listener : List.of(whenCreated, whenRemoved, whenExpired)) {
            bounded.registerCacheEntryListener(
                    new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, true));
        }
        for (int i = 0; i < 100; i++) {
            bounded.put(i, i);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(bounded.get(i)).isEqualTo(i);
        }
        for (int i = 100; i < 3_000; i++) {
            bounded.put(i, i);
        }
        LockstepCache<?, ?> measured = bounded.unwrap(LockstepCache.class);
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (measured.size() > 100 && System.nanoTime() < giveUp) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        // Shards that give back at one moment may together give a few more than was needed.
        assertThat(measured.size()).isBetween(90L, 100L);
        assertThat(created).hasValue(3_000);
        assertThat(gone).hasValue(0);
    }

    @Test
    void byReferenceTheSameObjectComesBackAndEqualsCompares() {
        Cache<String, StringBuilder> cache = manager.createCache(
                "references",
                new MutableConfiguration<String, StringBuilder>()
                        .setTypes(String.class, StringBuilder.class)
                        .setStoreByValue(false));
        StringBuilder value = new StringBuilder("a");
        cache.put("a", value);
        value.append("b");
        assertThat(cache.get("a")).isSameAs(value);
        assertThat(cache.replace("a", new StringBuilder("ab"), value)).isFalse();
        assertThat(cache.remove("a", value)).isTrue();
    }

    @Test
    void aManagerThatFindsNoServerLeavesNoThreadBehind() {
        URI nobody = URI.create("lockstep://127.0.0.1:1?timeout=300ms");
        assertThatThrownBy(() -> Caching.getCachingProvider().getCacheManager(nobody, null))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("127.0.0.1:1");
        manager.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("lockstep-session");
    }

    @Test
    void aCacheWhoseListenersCanNotSubscribeIsNotCreated(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("lockstep.yaml");
        Files.writeString(file, """
                shards: 32
                limits: {max-in-flight: 16}
                client: {timeout: 1s}
                """);
        try (CacheManager narrow = Caching.getCachingProvider().getCacheManager(file.toUri(), null)) {
            narrow.createCache("there", types());
            CacheEntryCreatedListener<String, Integer> listener = events -> {};
            MutableConfiguration<String, Integer> listened = types().addCacheEntryListenerConfiguration(
                            new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, true));
            assertThatThrownBy(() -> narrow.createCache("listened", listened)).isInstanceOf(CacheException.class);
            assertThat(narrow.getCacheNames()).containsExactly("there");
            Cache<Integer, String> other = narrow.createCache(
                    "listened", new MutableConfiguration<Integer, String>().setTypes(Integer.class, String.class));
            other.put(1, "one");
            assertThat(other.get(1)).isEqualTo("one");
            narrow.getCache("there").close();
            assertThatThrownBy(() -> narrow.createCache("there", listened)).isInstanceOf(CacheException.class);
            assertThat(narrow.getCacheNames()).as("another client's").contains("there");
        }
    }
}
