package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.configuration.FactoryBuilder;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.integration.CacheWriter;
import org.junit.jupiter.api.Test;

/** Callers that are interrupted, slow or many while they hold or wait for an entry: the same for every topology. */
abstract class LeaseParity extends StatisticsParity {

    /** Less than a lease lives without a sign of life. */
    private static final long AT_ONCE_MILLIS = 2_500;

    private static final int CALLERS = 200;

    /** Writes nothing anywhere. */
    public static final class Nowhere implements CacheWriter<String, Integer> {

        @Override
        public void write(Cache.Entry<? extends String, ? extends Integer> entry) {}

        @Override
        public void writeAll(Collection<Cache.Entry<? extends String, ? extends Integer>> entries) {
            entries.clear();
        }

        @Override
        public void delete(Object key) {}

        @Override
        public void deleteAll(Collection<?> keys) {
            keys.clear();
        }
    }

    private LockstepCache<String, Integer> writing(String name) {
        MutableConfiguration<String, Integer> configuration = types();
        return cache(
                name,
                configuration.setWriteThrough(true).setCacheWriterFactory(FactoryBuilder.factoryOf(Nowhere.class)));
    }

    private static void assertAtOnce(Runnable operation) {
        long began = System.nanoTime();
        operation.run();
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(AT_ONCE_MILLIS);
    }

    @Test
    void anInterruptedCallerKeepsItsFlagAndLeavesNoLease() {
        LockstepCache<String, Integer> cache = writing("interrupted");
        Map<String, Consumer<String>> operations = new TreeMap<>(Map.of(
                "invoke", key -> cache.invoke(key, INCREMENT),
                "invokeAll", key -> cache.invokeAll(Set.of(key, key + "'"), INCREMENT),
                "put", key -> cache.put(key, 1),
                "putAll", key -> cache.putAll(Map.of(key, 1, key + "'", 1)),
                "remove", cache::remove,
                "removeAll", key -> cache.removeAll(Set.of(key, key + "'")),
                "computeIfAbsent", key -> cache.computeIfAbsent(key, none -> 1)));
        operations.forEach((name, operation) -> {
            cache.put(name, 0);
            Thread.currentThread().interrupt();
            try {
                operation.accept(name);
            } catch (CacheException interrupted) {
                assertThat(Thread.currentThread().isInterrupted()).as(name).isTrue();
            } finally {
                Thread.interrupted();
            }
            assertAtOnce(() -> cache.invoke(name, INCREMENT));
        });
    }

    @Test
    void aCallerThatIsInterruptedWhileItWaitsForSomeEntriesGivesTheOthersBack() throws Exception {
        LockstepCache<String, Integer> cache = writing("interrupted later");
        CountDownLatch go = new CountDownLatch(1);
        // "z" comes first in the order that all keep to.
        Thread holder = held(cache, "a", go);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread waiting = new Thread(() -> {
            try {
                cache.putAll(Map.of("z", 1, "a", 1));
            } catch (CacheException interrupted) {
                thrown.set(interrupted);
            }
        });
        waiting.start();
        Eventually.holds("it has one of them", () -> isLeased(cache, "z"));
        waiting.interrupt();
        waiting.join();
        assertThat(thrown.get()).isNotNull();
        assertAtOnce(() -> cache.put("z", 2));
        go.countDown();
        holder.join();
        assertAtOnce(() -> cache.put("a", 3));
        assertThat(cache.get("z")).isEqualTo(2);
        assertThat(cache.get("a")).isEqualTo(3);
    }

    /** Starts a thread that holds an entry's lease until it may go, and waits until it does. */
    private static Thread held(LockstepCache<String, Integer> cache, String key, CountDownLatch go) {
        CountDownLatch inside = new CountDownLatch(1);
        Thread holder = new Thread(() -> cache.invoke(key, (entry, arguments) -> {
            inside.countDown();
            await(go);
            return null;
        }));
        holder.start();
        await(inside);
        return holder;
    }

    /** Tells whether a caller of {@code invoke} has to wait. */
    private boolean isLeased(LockstepCache<String, Integer> cache, String key) throws InterruptedException {
        Thread asking = new Thread(() -> {
            try {
                cache.invoke(key, (entry, arguments) -> null);
            } catch (CacheException interrupted) {
                // It had to wait.
            }
        });
        asking.start();
        asking.join(500);
        boolean leased = asking.isAlive();
        asking.interrupt();
        asking.join();
        return leased;
    }

    @Test
    void aSlowProcessorKeepsItsLeaseAndRunsOnce() throws Exception {
        LockstepCache<String, Integer> cache = cache("slow", types());
        cache.put("a", 0);
        CountDownLatch inside = new CountDownLatch(1);
        Map<Integer, Long> terms = terms();
        AtomicInteger runs = new AtomicInteger();
        Thread slow = new Thread(() -> cache.invoke("a", (entry, arguments) -> {
            runs.incrementAndGet();
            inside.countDown();
            await(new CountDownLatch(1), 5);
            entry.setValue(entry.getValue() + 1);
            return null;
        }));
        slow.start();
        await(inside);
        cache.invoke("a", INCREMENT);
        slow.join();
        assertRuns(runs, 1, terms);
        assertThat(cache.get("a")).isEqualTo(2);
    }

    private static void await(CountDownLatch never, int seconds) {
        try {
            assertThat(never.await(seconds, TimeUnit.SECONDS)).isFalse();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aTimedOutWaitForALeaseIsTransient() throws Exception {
        LockstepCache<String, Integer> cache = cache("taken", types());
        CountDownLatch go = new CountDownLatch(1);
        Thread holder = held(cache, "a", go);
        assertThatThrownBy(() -> cache.invoke("a", INCREMENT))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(LockstepCacheException.Kind.TRANSIENT));
        go.countDown();
        holder.join();
    }

    @Test
    void manyCallersOfOneKeyAllGetTheirTurn() throws Exception {
        LockstepCache<String, Integer> cache = cache("hot", types());
        cache.put("a", 0);
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            Thread thread = new Thread(() -> {
                try {
                    cache.invoke("a", INCREMENT);
                } catch (CacheException failure) {
                    synchronized (failures) {
                        failures.add(failure);
                    }
                }
            });
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(cache.get("a")).isEqualTo(CALLERS);
    }
}
