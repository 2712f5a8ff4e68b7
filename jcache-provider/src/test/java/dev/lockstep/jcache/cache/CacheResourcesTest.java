package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.Closeable;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.CacheException;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.integration.CacheLoader;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CacheResourcesTest {

    private final TestCache fixture = new TestCache();
    private final AtomicInteger closed = new AtomicInteger();
    private final CountDownLatch mayClose = new CountDownLatch(1);
    private final CountDownLatch loaderClosed = new CountDownLatch(1);

    @AfterEach
    void close() {
        mayClose.countDown();
        fixture.close();
    }

    /** A loader whose closing takes until the test allows it. */
    private final class SlowLoader implements CacheLoader<String, Object>, Closeable {
        @Override
        public Object load(String key) {
            return key;
        }

        @Override
        public Map<String, Object> loadAll(Iterable<? extends String> keys) {
            return Map.of();
        }

        @Override
        public void close() {
            try {
                assertThat(mayClose.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            closed.incrementAndGet();
            loaderClosed.countDown();
        }
    }

    private final class Listener implements CacheEntryCreatedListener<String, Object>, Closeable {
        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ?>> events) {}

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    private final CacheEntryListenerConfiguration<String, Object> listener =
            new MutableCacheEntryListenerConfiguration<>(Listener::new, null, false, true);

    private static boolean isShown(String type) throws Exception {
        return ManagementFactory.getPlatformMBeanServer()
                .isRegistered(new ObjectName("javax.cache:type=" + type + ",CacheManager=lockstep.test,Cache=prices"));
    }

    private static CompleteConfiguration<?, ?> configuration(SessionCache<String, Object> cache) {
        return cache.getConfiguration(CompleteConfiguration.class);
    }

    @Test
    void theConfigurationNamesTheListenersThatAreRegistered() {
        SessionCache<String, Object> cache = fixture.open();
        cache.registerCacheEntryListener(listener);
        assertThat(configuration(cache).getCacheEntryListenerConfigurations()).hasSize(1);

        cache.deregisterCacheEntryListener(listener);
        assertThat(configuration(cache).getCacheEntryListenerConfigurations()).isEmpty();
        assertThat(closed).hasValue(1);
    }

    @Test
    void aListenerThatCannotBeRegisteredIsClosedAndNotNamed() {
        SessionCache<String, Object> cache = fixture.open();
        fixture.cluster().refuse(Request.Size.class, Status.TOO_LARGE);

        assertThatThrownBy(() -> cache.registerCacheEntryListener(listener))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("prices");
        assertThat(closed).hasValue(1);
        assertThat(configuration(cache).getCacheEntryListenerConfigurations()).isEmpty();
    }

    @Test
    void aConfigurationThatWasHandedOutIsACopy() {
        SessionCache<String, Object> cache = fixture.open();
        cache.life().configuration().setManagementEnabled(true);

        assertThat(configuration(cache).isManagementEnabled()).isFalse();
    }

    @Test
    void beansAreShownWhileTheyAreEnabledAndTheCacheIsOpen() throws Exception {
        SessionCache<String, Object> cache = fixture.open();
        assertThat(isShown("CacheStatistics"))
                .as("enabled by the configuration")
                .isTrue();
        assertThat(isShown("CacheConfiguration")).isFalse();

        cache.life().enableManagement(true);
        cache.life().enableStatistics(false);
        assertThat(isShown("CacheStatistics")).isFalse();
        assertThat(isShown("CacheConfiguration")).isTrue();
        assertThat(configuration(cache).isManagementEnabled()).isTrue();
        assertThat(configuration(cache).isStatisticsEnabled()).isFalse();

        cache.close();
        assertThat(isShown("CacheConfiguration")).isFalse();
    }

    @Test
    void theApplicationsObjectsAreClosedOnceWhenCloseReturns() {
        mayClose.countDown();
        SessionCache<String, Object> cache = fixture.loading(new SlowLoader()).open();
        cache.registerCacheEntryListener(listener);
        cache.close();
        cache.close();

        assertThat(closed).as("loader and listener").hasValue(2);
    }

    @Test
    void aDestroyedCacheIsClosedAtOnceAndItsObjectsOnAnotherThread() throws InterruptedException {
        SessionCache<String, Object> cache = fixture.loading(new SlowLoader()).open();
        cache.life().destroyed();
        assertThat(cache.isClosed()).isTrue();
        assertThat(cache.life().isDestroyed()).isTrue();
        assertThat(closed).as("the loader waits").hasValue(0);

        mayClose.countDown();
        assertThat(loaderClosed.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
