package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.jcache.LockstepCache;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.management.CacheStatisticsMXBean;
import org.junit.jupiter.api.Test;

/**
 * The averages of a cache's statistics: the same for every topology. Times are compared with what the test measures around the calls, so
 * that a slow machine makes no difference.
 */
abstract class StatisticsParity extends LoadingParity {

    /** Averages are floats. */
    private static final double ROUNDING = 1.001;

    private static final int NOOPS = 300;

    private static MutableConfiguration<String, Integer> counted() {
        return types().setStatisticsEnabled(true);
    }

    private static double microsOf(Callable<?> call) throws Exception {
        long start = System.nanoTime();
        call.call();
        return (System.nanoTime() - start) / 1_000.0;
    }

    /** The part of a call's time, in microseconds, that code of the application took, which notes how long it was run. */
    private static final class Slowly {

        private final AtomicLong nanos = new AtomicLong();

        int run() {
            long start = System.nanoTime();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            nanos.addAndGet(System.nanoTime() - start);
            return 7;
        }

        double micros() {
            return nanos.get() / 1_000.0;
        }
    }

    @Test
    void theAverageGetTimeDoesNotIncludeLoading() throws Exception {
        Slowly loader = new Slowly();
        LockstepCache<String, Integer> cache =
                cache("loading", readThrough(key -> loader.run()).setStatisticsEnabled(true));
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        Map<String, Callable<?>> loads = new LinkedHashMap<>();
        loads.put("get", () -> cache.get("a"));
        loads.put("getAll", () -> cache.getAll(Set.of("b", "c")));
        loads.put("computeIfAbsent", () -> cache.computeIfAbsent("d", key -> loader.run()));
        loads.put("async get", () -> end(cache.async().get("e")));
        loads.put("async getAll", () -> end(cache.async().getAll(Set.of("f", "g"))));
        loads.put("a processor's getValue", () -> cache.invoke("h", (entry, arguments) -> entry.getValue()));
        for (Map.Entry<String, Callable<?>> load : loads.entrySet()) {
            statistics.clear();
            double before = loader.micros();
            double took = microsOf(load.getValue());
            double getting = statistics.getAverageGetTime() * (double) statistics.getCacheGets();
            assertThat(getting)
                    .as(load.getKey())
                    .isPositive()
                    .isLessThanOrEqualTo((took - (loader.micros() - before)) * ROUNDING);
        }
        assertThat(statistics.getCacheMisses()).isPositive();
    }

    @Test
    void theAveragesDoNotIncludeWhatAProcessorTakes() throws Exception {
        Slowly processor = new Slowly();
        LockstepCache<String, Integer> cache = cache("processing", counted());
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        double took = microsOf(() -> cache.invoke("a", (entry, arguments) -> {
            entry.setValue(processor.run());
            return null;
        }));
        double left = (took - processor.micros()) * ROUNDING;
        assertThat((double) statistics.getAverageGetTime()).isPositive().isLessThanOrEqualTo(left);
        assertThat((double) statistics.getAveragePutTime()).isPositive().isLessThanOrEqualTo(left);
    }

    @Test
    void eachOperationAddsItsTimeToTheAveragesOfWhatItIsCountedAs() throws Exception {
        LockstepCache<String, Integer> plain = cache("plain", counted());
        LockstepCache<String, Integer> written =
                cache("written", writeThrough(new Recorder()).setStatisticsEnabled(true));
        for (LockstepCache<String, Integer> cache : List.of(plain, written)) {
            AsyncCache<String, Integer> async = cache.async();
            averages(cache, "put", () -> cache.put("a", 1));
            averages(cache, "put", () -> cache.put("a", 1, Duration.ofHours(1)));
            averages(cache, "put", () -> cache.putAll(Map.of("a", 1, "b", 1)));
            averages(cache, "get", () -> cache.get("a"));
            averages(cache, "get", () -> cache.getAll(Set.of("a", "absent")));
            averages(cache, "get", () -> cache.iterator().next());
            averages(cache, "get", () -> cache.computeIfAbsent("a", key -> 1));
            averages(cache, "get put", () -> cache.getAndPut("a", 1));
            averages(cache, "get put", () -> cache.getAndReplace("a", 1));
            averages(cache, "get put", () -> cache.putIfAbsent("c", 1));
            averages(cache, "get", () -> cache.putIfAbsent("c", 1));
            averages(cache, "get put", () -> cache.replace("a", 2));
            averages(cache, "get put", () -> cache.replace("a", 2, 1));
            averages(cache, "get", () -> cache.replace("a", 2, 1));
            averages(cache, "get", () -> cache.remove("a", 2));
            averages(cache, "get remove", () -> cache.remove("a", 1));
            averages(cache, "remove", () -> cache.remove("b"));
            averages(cache, "get remove", () -> cache.getAndRemove("c"));
            averages(cache, "get", () -> cache.getAndRemove("c"));
            averages(cache, "", () -> cache.containsKey("a"));
            averages(cache, "get put", () -> cache.invoke("a", INCREMENT));
            averages(cache, "get", () -> cache.invoke("a", (entry, arguments) -> entry.getValue()));
            averages(cache, "get put", () -> cache.invokeAll(Set.of("b", "c"), INCREMENT));
            averages(cache, "remove", () -> cache.removeAll(Set.of("b", "c")));
            averages(cache, "remove", cache::removeAll);
            averages(cache, "", cache::removeAll);
            averages(cache, "put", () -> end(async.put("a", 1)));
            averages(cache, "get", () -> end(async.get("a")));
            averages(cache, "get put", () -> end(async.getAndPut("a", 1)));
            averages(cache, "get", () -> end(async.putIfAbsent("a", 1)));
            averages(cache, "get remove", () -> end(async.getAndRemove("a")));
        }
    }

    /** Asserts which averages one operation raises, from nothing, and that none is longer than it took. */
    private static void averages(LockstepCache<String, Integer> cache, String raised, Runnable operation)
            throws Exception {
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        statistics.clear();
        double took = microsOf(Executors.callable(operation));
        Map<String, Double> averages = Map.of(
                "get", (double) statistics.getAverageGetTime(),
                "put", (double) statistics.getAveragePutTime(),
                "remove", (double) statistics.getAverageRemoveTime());
        averages.forEach((kind, micros) -> assertThat(micros > 0)
                .as("the average %s time of an operation that raises \"%s\"", kind, raised)
                .isEqualTo(List.of(raised.split(" ")).contains(kind)));
        assertThat(averages.values()).allMatch(micros -> micros <= took * ROUNDING);
    }

    @Test
    void callsThatChangedNothingDoNotCountInTheAverageTimes() throws Exception {
        LockstepCache<String, Integer> cache = cache("noops", counted());
        AsyncCache<String, Integer> async = cache.async();
        CacheStatisticsMXBean statistics = cache.unwrap(CacheStatisticsMXBean.class);
        double put = microsOf(() -> {
            cache.put("a", 1);
            return null;
        });
        for (int i = 0; i < NOOPS; i++) {
            cache.putIfAbsent("a", 2);
            cache.replace("absent", 2);
            cache.replace("a", 9, 2);
            cache.getAndReplace("absent", 2);
            end(async.putIfAbsent("a", 2));
        }
        assertThat(statistics.getCachePuts()).isEqualTo(1);
        assertThat((double) statistics.getAveragePutTime()).isPositive().isLessThanOrEqualTo(put * ROUNDING);
        statistics.clear();
        double removed = microsOf(() -> cache.remove("a"));
        for (int i = 0; i < NOOPS; i++) {
            cache.remove("absent");
            cache.remove("absent", 9);
            cache.getAndRemove("absent");
            cache.removeAll(Set.of("absent"));
            end(async.remove("absent"));
        }
        assertThat(statistics.getCacheRemovals()).isEqualTo(1);
        assertThat((double) statistics.getAverageRemoveTime()).isPositive().isLessThanOrEqualTo(removed * ROUNDING);
    }
}
