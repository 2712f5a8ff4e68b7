package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.LockstepCache;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The threads of a CacheManager, which its caches share. */
class ManagerThreadsTest {

    private CacheManager manager;

    @BeforeEach
    void open() {
        manager = Caching.getCachingProvider().getCacheManager(URI.create("lockstep:local"), null);
    }

    @AfterEach
    void close() {
        Caching.getCachingProvider().close();
    }

    private Cache<String, Integer> cache(String name) {
        return manager.createCache(
                name, new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class));
    }

    private static void listen(
            Cache<String, Integer> cache, boolean synchronous, CacheEntryCreatedListener<String, Integer> listener) {
        cache.registerCacheEntryListener(
                new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, synchronous));
    }

    /** Counts Lockstep's threads by name. */
    private static Map<String, Integer> threads() {
        Map<String, Integer> threads = new TreeMap<>();
        Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("lockstep"))
                .forEach(name -> threads.merge(name, 1, Integer::sum));
        return threads;
    }

    private static void use(Cache<String, Integer> cache, AtomicInteger heard) {
        for (boolean synchronous : new boolean[] {true, false}) {
            listen(cache, synchronous, events -> events.forEach(event -> heard.incrementAndGet()));
        }
        List<CompletableFuture<Void>> writes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            writes.add(
                    cache.unwrap(LockstepCache.class).async().put("key-" + i, i).toCompletableFuture());
        }
        writes.forEach(CompletableFuture::join);
    }

    @Test
    void thousandCachesHundredOfThemWithListenersHaveNoMoreThreadsThanOne() throws Exception {
        AtomicInteger heard = new AtomicInteger();
        use(cache("cache-0"), heard);
        Map<String, Integer> ofOne = threads();
        for (int i = 1; i < 1_000; i++) {
            Cache<String, Integer> next = cache("cache-" + i);
            if (i < 100) {
                use(next, heard);
            } else {
                next.put("a", i);
            }
        }
        assertThat(threads()).isEqualTo(ofOne);
        assertThat(heard.get()).isGreaterThanOrEqualTo(100 * 20);
        manager.close();
        Eventually.holds(
                "the threads end with the manager",
                () -> threads().keySet().stream()
                        .noneMatch(name -> name.startsWith("lockstep-listeners") || name.equals("lockstep-async")));
    }

    @Test
    void aListenerThatBlocksHoldsUpNoListenerNorAsynchronousOperationOfAnotherCache() {
        CountDownLatch go = new CountDownLatch(1);
        try {
            for (int i = 0; i < 3; i++) {
                Cache<String, Integer> slow = cache("slow-" + i);
                listen(slow, true, events -> AsyncParity.await(go));
                listen(slow, false, events -> AsyncParity.await(go));
                slow.unwrap(LockstepCache.class).async().put("a", 1);
            }
            Cache<String, Integer> prompt = cache("prompt");
            AtomicInteger heard = new AtomicInteger();
            CountDownLatch heardLater = new CountDownLatch(50);
            listen(prompt, true, events -> events.forEach(event -> heard.incrementAndGet()));
            listen(prompt, false, events -> events.forEach(event -> heardLater.countDown()));
            for (int i = 0; i < 50; i++) {
                prompt.unwrap(LockstepCache.class)
                        .async()
                        .put("key-" + i, i)
                        .toCompletableFuture()
                        .join();
                assertThat(heard).hasValue(i + 1);
            }
            AsyncParity.await(heardLater);
        } finally {
            go.countDown();
        }
    }

    @Test
    void aListenerMayWriteToAnotherCacheThatHasListenersAndCloseItsOwnAndTheManager() throws Exception {
        Cache<String, Integer> other = cache("other");
        AtomicInteger heard = new AtomicInteger();
        listen(other, true, events -> events.forEach(event -> heard.incrementAndGet()));
        Cache<String, Integer> own = cache("own");
        CountDownLatch closed = new CountDownLatch(1);
        listen(own, true, events -> {
            other.put("a", 1);
            own.close();
            manager.close();
            closed.countDown();
        });
        own.unwrap(LockstepCache.class).async().put("a", 1);
        AsyncParity.await(closed);
        assertThat(manager.isClosed()).isTrue();
    }
}
