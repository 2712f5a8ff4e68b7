package dev.lockstep.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.AsyncCache;
import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.jcache.cache.FutureResults;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Status;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.Cache.ValueRetrievalException;
import org.springframework.cache.Cache.ValueWrapper;

/** A cache whose cluster refuses every request for a while; the removals that are owed are made up when the test says so. */
class TolerantCacheTest {

    private final CacheManager jcache = LockstepCacheManager.open(
            URI.create("lockstep:local"), getClass().getClassLoader(), List.of(), new Properties(), Map.of());
    private final Due due = new Due();
    private final Outage outage = new Outage(due, Time.system());
    private volatile Status refusal = null;
    private javax.cache.Cache<Object, Object> cluster;
    private TolerantCache cache;

    @BeforeEach
    void open() {
        cluster = jcache.createCache("prices", new MutableConfiguration<>());
        cache = new TolerantCache(refusing(dev.lockstep.jcache.LockstepCache.class, cluster), true, outage);
    }

    @AfterEach
    void close() {
        outage.close();
        jcache.close();
    }

    /** The cache, or its asynchronous form, but for the refusal. */
    @SuppressWarnings("unchecked")
    private <C> C refusing(Class<?> type, Object cache) {
        return (C) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (method.getName().equals("unwrap")) {
                        return proxy;
                    }
                    if (method.getName().equals("async")) {
                        return refusing(AsyncCache.class, call(method, cache, arguments));
                    }
                    if (refusal == null || method.getName().equals("getName")) {
                        return call(method, cache, arguments);
                    }
                    if (type == AsyncCache.class) {
                        return CompletableFuture.failedFuture(refused());
                    }
                    throw refused();
                });
    }

    private static Object call(Method method, Object target, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private LockstepCacheException refused() {
        RequestFailedException refused = new RequestFailedException(refusal, "as the test wants it");
        try {
            FutureResults.result(CompletableFuture.failedFuture(refused), Duration.ofSeconds(30));
            throw new AssertionError("It has not failed");
        } catch (LockstepCacheException translated) {
            return translated;
        }
    }

    /** A loop that runs what is scheduled when the test says so. */
    private static final class Due implements EventLoop {

        private final List<Runnable> scheduled = new ArrayList<>();

        @Override
        public Timer schedule(long delayNanos, Runnable task) {
            scheduled.add(task);
            return () -> scheduled.remove(task);
        }

        void run() {
            List<Runnable> now = List.copyOf(scheduled);
            scheduled.clear();
            now.forEach(Runnable::run);
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void close() {
            scheduled.clear();
        }
    }

    private static <T> T end(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    void readsAreMissesWhileTheClusterIsGone() throws Exception {
        cache.put("tea", 1);
        for (Status gone : List.of(Status.NO_LEADER, Status.INDETERMINATE)) {
            refusal = gone;
            assertThat(cache.get("tea")).isNull();
            assertThat(cache.get("tea", Integer.class)).isNull();
            assertThat(cache.get("tea", () -> 2)).isEqualTo(2);
            assertThat(end(cache.retrieve("tea"))).isNull();
            assertThat(end(cache.retrieve("tea", () -> CompletableFuture.completedFuture(3))))
                    .isEqualTo(3);
        }
        refusal = null;
        assertThat(cache.get("tea")).extracting(ValueWrapper::get).isEqualTo(1);
    }

    @Test
    void aRefusalThatWouldComeAgainIsThrown() {
        refusal = Status.INVALID;
        assertThatThrownBy(() -> cache.get("tea")).isInstanceOf(LockstepCacheException.class);
        assertThatThrownBy(() -> cache.put("tea", 1)).isInstanceOf(LockstepCacheException.class);
        assertThatThrownBy(() -> cache.evict("tea")).isInstanceOf(LockstepCacheException.class);
        assertThatThrownBy(cache::clear).isInstanceOf(LockstepCacheException.class);
        assertThatThrownBy(() -> end(cache.retrieve("tea"))).hasRootCauseInstanceOf(RequestFailedException.class);
    }

    @Test
    void aLoaderThatFailsIsNotRunAgain() {
        AtomicInteger runs = new AtomicInteger();
        assertThatThrownBy(() -> cache.get("tea", () -> {
                    runs.incrementAndGet();
                    refusal = Status.NO_LEADER;
                    throw refused();
                }))
                .isInstanceOf(ValueRetrievalException.class);
        assertThat(runs).hasValue(1);
    }

    @Test
    void aLoaderRunsOnceThoughItsResultCannotBeStored() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        javax.cache.Cache<Object, Object> losing = losingWhatWasLoaded();
        TolerantCache losingCache = new TolerantCache(losing, true, outage);
        assertThat(losingCache.get("tea", runs::incrementAndGet)).isEqualTo(1);
        assertThat(end(losingCache.retrieve("jam", () -> CompletableFuture.completedFuture(runs.incrementAndGet()))))
                .isEqualTo(2);
        assertThat(runs).hasValue(2);
    }

    /** One that runs the loader, and then can't reach the cluster. */
    private javax.cache.Cache<Object, Object> losingWhatWasLoaded() {
        refusal = null;
        return losing(dev.lockstep.jcache.LockstepCache.class, cluster);
    }

    @SuppressWarnings("unchecked")
    private <C> C losing(Class<?> type, Object cache) {
        return (C) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (method.getName().equals("unwrap")) {
                        return proxy;
                    }
                    Object result = call(method, cache, arguments);
                    if (method.getName().equals("async")) {
                        return losing(AsyncCache.class, result);
                    }
                    if (!method.getName().equals("computeIfAbsent")) {
                        return result;
                    }
                    refusal = Status.INDETERMINATE;
                    if (type == AsyncCache.class) {
                        end((CompletableFuture<?>) result);
                        return CompletableFuture.failedFuture(refused());
                    }
                    throw refused();
                });
    }

    @Test
    void aKeyWhoseRemovalFailedReadsAsMissingUntilItIsRemoved() throws Exception {
        cache.put("evicted", 1);
        cache.put("evicted too", 1);
        cache.put("put", 1);
        cache.put("other", 1);
        refusal = Status.NO_LEADER;
        cache.evict("evicted");
        assertThat(cache.evictIfPresent("evicted too")).isFalse();
        cache.put("put", 2);
        due.run();
        refusal = null;
        for (String owed : List.of("evicted", "evicted too", "put")) {
            assertThat(cluster.containsKey(owed)).isTrue();
            assertThat(cache.get(owed)).isNull();
            assertThat(cache.get(owed, () -> 3)).isEqualTo(3);
            assertThat(end(cache.retrieve(owed))).isNull();
            assertThat(end(cache.retrieve(owed, () -> CompletableFuture.completedFuture(4))))
                    .isEqualTo(4);
        }
        due.run();
        assertThat(cluster).extracting(javax.cache.Cache.Entry::getKey).containsExactly("other");
        assertThat(due.scheduled).isEmpty();
        cache.put("put", 5);
        assertThat(cache.get("put")).extracting(ValueWrapper::get).isEqualTo(5);
    }

    @Test
    void aCacheThatCouldNotBeClearedReadsAsEmptyUntilItIsCleared() {
        cache.put("tea", 1);
        refusal = Status.NO_LEADER;
        cache.clear();
        assertThat(cache.invalidate()).isFalse();
        refusal = null;
        assertThat(cache.get("tea")).isNull();
        due.run();
        assertThat(cluster.containsKey("tea")).isFalse();
        cache.put("tea", 2);
        assertThat(cache.get("tea")).extracting(ValueWrapper::get).isEqualTo(2);
    }

    @Test
    void pendingRemovalsAreBoundedByClearingTheCache() {
        cache.put("other", 1);
        refusal = Status.NO_LEADER;
        for (int i = 0; i <= TolerantCache.MAX_OWED; i++) {
            cache.evict(i);
        }
        refusal = null;
        assertThat(cache.get("other")).isNull();
        due.run();
        assertThat(cluster.containsKey("other")).isFalse();
    }
}
