package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.jcache.LockstepCache;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.integration.CacheLoaderException;
import javax.cache.integration.CacheWriterException;
import javax.cache.integration.CompletionListener;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.junit.jupiter.api.Test;

/** The behaviour of asynchronous operations, and of those that wait for many at once: the same for every topology. */
abstract class AsyncParity extends ManagerParity {

    LockstepCache<String, Integer> cache(String name, MutableConfiguration<String, Integer> configuration) {
        return lockstep(manager().createCache(name, configuration));
    }

    @SuppressWarnings("unchecked")
    private static LockstepCache<String, Integer> lockstep(Cache<String, Integer> cache) {
        return cache.unwrap(LockstepCache.class);
    }

    /** The result of a stage; throws what it failed with. */
    static <T> T end(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    @Test
    void everyOperationThatDoesNotWaitEndsAsTheOneThatDoes() {
        AsyncCache<String, Integer> cache = cache("numbers", types()).async();
        assertThat(end(cache.get("a"))).isNull();
        assertThat(end(cache.containsKey("a"))).isFalse();
        end(cache.put("a", 1));
        assertThat(end(cache.containsKey("a"))).isTrue();
        assertThat(end(cache.get("a"))).isEqualTo(1);
        assertThat(end(cache.getAndPut("a", 2))).isEqualTo(1);
        assertThat(end(cache.putIfAbsent("a", 3))).isFalse();
        assertThat(end(cache.putIfAbsent("b", 3))).isTrue();
        assertThat(end(cache.replace("a", 9, 4))).isFalse();
        assertThat(end(cache.replace("a", 2, 4))).isTrue();
        assertThat(end(cache.replace("none", 4))).isFalse();
        assertThat(end(cache.replace("b", 4))).isTrue();
        assertThat(end(cache.getAndReplace("a", 5))).isEqualTo(4);
        assertThat(end(cache.getAndReplace("none", 5))).isNull();
        assertThat(end(cache.getAll(Set.of("a", "b", "none")))).isEqualTo(Map.of("a", 5, "b", 4));
        assertThat(end(cache.remove("a", 4))).isFalse();
        assertThat(end(cache.remove("a", 5))).isTrue();
        assertThat(end(cache.remove("a"))).isFalse();
        assertThat(end(cache.getAndRemove("b"))).isEqualTo(4);
        assertThat(end(cache.getAndRemove("b"))).isNull();
        end(cache.putAll(Map.of("a", 1, "b", 2, "c", 3)));
        end(cache.removeAll(Set.of("a", "b")));
        assertThat(end(cache.getAll(Set.of("a", "b", "c")))).isEqualTo(Map.of("c", 3));
        Integer invoked = end(cache.invoke("c", INCREMENT));
        assertThat(invoked).isEqualTo(4);
        Map<String, EntryProcessorResult<Integer>> results = end(cache.invokeAll(Set.of("c", "d"), INCREMENT));
        assertThat(results.get("c").get()).isEqualTo(5);
        assertThat(results.get("d").get()).isEqualTo(1);
        end(cache.put("e", 1, Duration.ofMillis(1)));
        CompletionStage<Integer> composed = cache.putIfAbsent("e", 2).thenCompose(stored -> cache.get("c"));
        assertThat(end(composed)).isEqualTo(5);
    }

    @Test
    void asynchronousOperationsAreCountedLikeSynchronousOnes() throws Exception {
        AsyncCache<String, Integer> cache =
                cache("counted", types().setStatisticsEnabled(true)).async();
        end(cache.put("a", 1));
        end(cache.putAll(Map.of("b", 2, "c", 3)));
        end(cache.get("a"));
        end(cache.get("none"));
        end(cache.getAll(Set.of("a", "b", "none")));
        end(cache.putIfAbsent("a", 2));
        end(cache.getAndRemove("a"));
        end(cache.removeAll(Set.of("b", "none")));
        end(cache.invoke("c", INCREMENT));
        assertThat(statistic("counted", "CachePuts")).isEqualTo(4L);
        assertThat(statistic("counted", "CacheRemovals")).isEqualTo(2L);
        assertThat(statistic("counted", "CacheHits")).isEqualTo(6L);
        assertThat(statistic("counted", "CacheMisses")).isEqualTo(2L);
    }

    @Test
    void aPolicyIsAskedOnceForWhatHasHappenedAlsoIfNoCallerWaits() {
        List<String> asked = new CopyOnWriteArrayList<>();
        AsyncCache<String, Integer> cache = cache("asked", types().setExpiryPolicyFactory(() -> new Asked(asked)))
                .async();
        end(cache.get("a"));
        end(cache.remove("a"));
        assertThat(asked).isEmpty();
        end(cache.put("a", 1));
        end(cache.putIfAbsent("a", 2));
        end(cache.getAll(Set.of("a")));
        end(cache.get("a"));
        end(cache.replace("a", 9, 3));
        end(cache.invoke("a", INCREMENT));
        assertThat(asked).containsExactly("creation", "access", "access", "access", "update");
    }

    // Threads

    /** The threads on which each piece of the application's code ran. */
    private static final class Threads {

        private final List<String> names = new CopyOnWriteArrayList<>();

        void note() {
            names.add(Thread.currentThread().getName());
        }
    }

    @Test
    void codeOfTheApplicationRunsOnThreadsOfTheCache() {
        Threads threads = new Threads();
        Recorder store = new Recorder();
        MutableConfiguration<String, Integer> configuration = readThrough(key -> {
            threads.note();
            return 7;
        });
        AsyncCache<String, Integer> cache = cache(
                        "threads",
                        configuration.setWriteThrough(true).setCacheWriterFactory(() -> store.noting(threads::note)))
                .async();
        CompletableFuture<Integer> loaded = cache.get("a").toCompletableFuture();
        end(loaded.thenAccept(value -> {}));
        end(cache.getAll(Set.of("b", "c")));
        end(cache.put("d", 1));
        end(cache.putAll(Map.of("e", 2)));
        end(cache.invoke("f", (entry, arguments) -> {
            threads.note();
            return entry.getValue();
        }));
        assertThat(threads.names).hasSize(7).containsOnly("lockstep-async");
    }

    @Test
    void dependentsOfAStageRunOnACacheThreadOrAtTheCaller() throws Exception {
        Threads threads = new Threads();
        AsyncCache<String, Integer> cache = cache("dependents", types()).async();
        for (int i = 0; i < 200; i++) {
            end(cache.put("key-" + i, i).thenRun(threads::note));
            end(cache.get("key-" + i).thenRun(threads::note));
            end(cache.containsKey("key-" + i).thenRun(threads::note));
        }
        String here = Thread.currentThread().getName();
        assertThat(threads.names).hasSize(600).allMatch(name -> name.equals("lockstep-async") || name.equals(here));
    }

    @Test
    void startingAnOperationDoesNotWaitForApplicationCode() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AsyncCache<String, Integer> cache = cache("slow", readThrough(key -> {
                    begun.countDown();
                    await(go);
                    return 7;
                }))
                .async();
        CompletionStage<Integer> loading = cache.get("a");
        await(begun);
        CompletionStage<Integer> waiting = cache.invoke("a", INCREMENT);
        assertThatThrownBy(() -> waiting.toCompletableFuture().get(50, TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class);
        assertThat(loading.toCompletableFuture()).isNotDone();
        go.countDown();
        assertThat(end(loading)).isEqualTo(7);
        assertThat(end(waiting)).isEqualTo(8);
    }

    static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    // Failures

    @Test
    void aStageFailsWithWhatTheOperationThatWaitsWouldThrow() {
        Recorder store = new Recorder();
        store.willRefuse("a");
        AsyncCache<String, Integer> loaded = cache("loaded", readThrough(key -> {
                    throw new IllegalArgumentException("no " + key);
                }))
                .async();
        AsyncCache<String, Integer> written =
                cache("written", writeThrough(store)).async();
        assertThatThrownBy(() -> end(loaded.get("a")))
                .isInstanceOf(CacheLoaderException.class)
                .hasRootCauseInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> end(written.put("a", 1))).isInstanceOf(CacheWriterException.class);
        assertThatThrownBy(() -> end(written.putAll(Map.of("a", 1)))).isInstanceOf(CacheWriterException.class);
        assertThatThrownBy(() -> end(written.invoke("b", (entry, arguments) -> {
                    throw new IllegalAccessError("no");
                })))
                .isInstanceOf(EntryProcessorException.class)
                .hasRootCauseInstanceOf(IllegalAccessError.class);
        assertThatThrownBy(() -> written.put("a", null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void closingEndsWhatIsInFlight() throws Exception {
        LockstepCache<String, Integer> cache = cache("closing", readThrough(key -> 7));
        AsyncCache<String, Integer> async = cache.async();
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Integer> holding = heldEntry(cache, go);
        CompletionStage<Integer> waiting = async.invoke("a", INCREMENT);
        AtomicReference<Exception> told = new AtomicReference<>();
        cache.loadAll(Set.of("a"), true, new CompletionListener() {
            @Override
            public void onCompletion() {
                told.set(new IllegalStateException("Nothing can have been loaded"));
            }

            @Override
            public void onException(Exception failure) {
                told.set(failure);
            }
        });
        cache.close();
        assertThatThrownBy(() -> end(waiting))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("closed");
        assertThat(told.get()).isInstanceOf(CacheException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> async.get("a")).isInstanceOf(IllegalStateException.class);
        go.countDown();
        holding.get(30, TimeUnit.SECONDS);
    }

    /** Has another thread hold the lease of entry "a" until it may go on. */
    private static CompletableFuture<Integer> heldEntry(Cache<String, Integer> cache, CountDownLatch go)
            throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CompletableFuture<Integer> holding =
                CompletableFuture.supplyAsync(() -> cache.invoke("a", (entry, arguments) -> {
                    held.countDown();
                    await(go);
                    return 0;
                }));
        await(held);
        return holding;
    }

    // Listeners

    @Test
    void aSynchronousListenerHasHeardWhenTheStageEnds() {
        List<String> heard = new CopyOnWriteArrayList<>();
        LockstepCache<String, Integer> cache = cache("heard", types());
        listen(cache, key -> {
            heard.add(key);
            if (key.equals("bad")) {
                throw new IllegalStateException("bad");
            }
        });
        for (int i = 0; i < 50; i++) {
            String key = "key-" + i;
            end(cache.async().put(key, i).thenRun(() -> assertThat(heard).contains(key)));
        }
        assertThatThrownBy(() -> end(cache.async().put("bad", 1))).isInstanceOf(CacheEntryListenerException.class);
        assertThat(cache.get("bad")).isEqualTo(1);
    }

    @Test
    void aListenerMayWaitForAWriteThatItBegins() {
        LockstepCache<String, Integer> cache = cache("echo", types());
        AtomicInteger echoes = new AtomicInteger();
        listen(cache, key -> {
            if (!key.startsWith("echo")) {
                end(cache.async().put("echo-" + key, 1));
                end(cache.async().invoke("echo-" + key, INCREMENT));
                echoes.incrementAndGet();
            }
        });
        cache.put("a", 1);
        assertThat(echoes).hasValue(1);
        assertThat(cache.get("echo-a")).isEqualTo(2);
    }

    private interface Heard {
        void of(String key);
    }

    private static void listen(Cache<String, Integer> cache, Heard heard) {
        CacheEntryCreatedListener<String, Integer> listener =
                events -> events.forEach(event -> heard.of(event.getKey()));
        cache.registerCacheEntryListener(
                new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, true));
    }

    // Many at once

    @Test
    void invokeAllIsNotHeldUpByOneEntryAndRunsTheProcessorWhereItWasCalled() throws Exception {
        Cache<String, Integer> cache = cache("many", types());
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Integer> holding = heldEntry(cache, go);
        Set<String> keys = new LinkedHashSet<>();
        keys.add("a");
        for (int i = 0; i < 100; i++) {
            keys.add("key-" + i);
        }
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        AtomicInteger runs = new AtomicInteger();
        CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
            try {
                Eventually.holds("all others were processed", () -> runs.get() == 100);
            } catch (Exception failure) {
                throw new CompletionException(failure);
            } finally {
                go.countDown();
            }
        });
        Map<String, EntryProcessorResult<Integer>> results = cache.invokeAll(keys, (entry, arguments) -> {
            threads.add(Thread.currentThread());
            runs.incrementAndGet();
            return INCREMENT.process(entry, arguments);
        });
        others.get(30, TimeUnit.SECONDS);
        holding.get(30, TimeUnit.SECONDS);
        assertThat(results).hasSize(101);
        results.values().forEach(result -> assertThat(result.get()).isEqualTo(1));
        assertThat(threads).containsExactly(Thread.currentThread());
    }

    @Test
    void invokeAllReportsEachFailureWithItsKey() {
        Cache<String, Integer> cache = cache("failing", types());
        Map<String, EntryProcessorResult<Integer>> results =
                cache.invokeAll(Set.of("good", "bad", "silent"), (entry, arguments) -> {
                    if (entry.getKey().equals("bad")) {
                        throw new IllegalStateException("bad");
                    }
                    return entry.getKey().equals("silent") ? null : INCREMENT.process(entry, arguments);
                });
        assertThat(results).containsOnlyKeys("good", "bad");
        assertThat(results.get("good").get()).isEqualTo(1);
        assertThatThrownBy(() -> results.get("bad").get())
                .isInstanceOf(EntryProcessorException.class)
                .hasRootCauseMessage("bad");
        assertThat(cache.containsKey("bad")).isFalse();
    }
}
