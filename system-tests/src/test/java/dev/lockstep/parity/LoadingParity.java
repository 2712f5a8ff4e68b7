package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.jcache.LockstepCache;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheException;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.management.CacheStatisticsMXBean;
import org.junit.jupiter.api.Test;

/** The guarantees for a caller's own loader: the same for every topology. */
abstract class LoadingParity extends AsyncParity {

    private static final int CALLERS = 16;

    @Test
    void aCallersLoaderRunsOnceOnItsOwnThreadAndTheOthersWait() throws Exception {
        LockstepCache<String, Integer> cache = cache("computed", types());
        AtomicInteger runs = new AtomicInteger();
        Set<Thread> callers = ConcurrentHashMap.newKeySet();
        Set<Thread> loaders = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(CALLERS);
        List<CompletableFuture<Integer>> values = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            CompletableFuture<Integer> value = new CompletableFuture<>();
            values.add(value);
            threads.add(new Thread(() -> {
                callers.add(Thread.currentThread());
                all.countDown();
                value.completeAsync(
                        () -> cache.computeIfAbsent("a", key -> {
                            loaders.add(Thread.currentThread());
                            await(all);
                            return runs.incrementAndGet();
                        }),
                        Runnable::run);
            }));
        }
        threads.forEach(Thread::start);
        for (CompletableFuture<Integer> value : values) {
            assertThat(value.get(30, TimeUnit.SECONDS)).isEqualTo(1);
        }
        assertThat(runs).hasValue(1);
        assertThat(callers).containsAll(loaders);
    }

    @Test
    void aLoaderWhoseStageTakesItsTimeHoldsNoThread() {
        AsyncCache<String, Integer> cache = cache("staged", types()).async();
        AtomicInteger runs = new AtomicInteger();
        List<CompletableFuture<Integer>> loads = new ArrayList<>();
        List<CompletionStage<Integer>> values = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            CompletableFuture<Integer> load = new CompletableFuture<>();
            loads.add(load);
            values.add(cache.computeIfAbsent("key-" + i, key -> load));
            values.add(cache.computeIfAbsent("key-" + i, key -> {
                runs.incrementAndGet();
                return load;
            }));
        }
        // Sixteen loads are pending on four threads, and those still have time for others.
        end(cache.put("other", 7));
        assertThat(end(cache.invoke("other", INCREMENT))).isEqualTo(8);
        assertThat(values).allMatch(stage -> !stage.toCompletableFuture().isDone());
        loads.forEach(load -> load.complete(5));
        values.forEach(value -> assertThat(end(value)).isEqualTo(5));
        assertThat(runs.get()).isLessThanOrEqualTo(CALLERS);
        assertThat(end(cache.computeIfAbsent("key-0", key -> {
                    throw new IllegalStateException("It is there");
                })))
                .isEqualTo(5);
    }

    @Test
    void aLoadersExceptionIsThrownAndNothingIsStored() {
        LockstepCache<String, Integer> cache = cache("refusing", types());
        assertThatThrownBy(() -> cache.computeIfAbsent("a", key -> {
                    throw new IllegalArgumentException("no " + key);
                }))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no a");
        assertThatThrownBy(() -> end(cache.async().computeIfAbsent("a", key -> {
                    throw new IllegalArgumentException("no " + key);
                })))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> end(cache.async()
                        .computeIfAbsent(
                                "a",
                                key -> CompletableFuture.failedFuture(
                                        new UncheckedIOException(new java.io.IOException("late"))))))
                .isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> end(cache.async()
                        .computeIfAbsent("a", key -> CompletableFuture.failedFuture(new java.io.IOException("late")))))
                .isInstanceOf(CacheException.class)
                .hasRootCauseMessage("late");
        assertThat(cache.computeIfAbsent("a", key -> null)).isNull();
        assertThat(end(cache.async().computeIfAbsent("a", key -> CompletableFuture.completedFuture(null))))
                .isNull();
        assertThat(cache.containsKey("a")).isFalse();
        assertThat(cache.computeIfAbsent("a", String::length)).isEqualTo(1);
        assertThat(cache.get("a")).isEqualTo(1);
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void aLoadedValueOfTheWrongTypeIsRefused() {
        LockstepCache raw = cache("typed", types());
        assertThatThrownBy(() -> raw.computeIfAbsent("a", key -> "text")).isInstanceOf(ClassCastException.class);
        assertThat(raw.containsKey("a")).isFalse();
    }

    @Test
    void aLoadIsOneMissAndWhatIsThereIsOneHit() {
        MutableConfiguration<String, Integer> counting = types().setStatisticsEnabled(true);
        LockstepCache<String, Integer> cache = cache("counting", counting);
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        cache.computeIfAbsent("a", String::length);
        assertThat(statistics.getCacheMisses()).isEqualTo(1);
        assertThat(statistics.getCacheHits()).isZero();
        cache.computeIfAbsent("a", String::length);
        end(cache.async().computeIfAbsent("a", key -> CompletableFuture.completedFuture(2)));
        assertThat(statistics.getCacheMisses()).isEqualTo(1);
        assertThat(statistics.getCacheHits()).isEqualTo(2);
    }
}
