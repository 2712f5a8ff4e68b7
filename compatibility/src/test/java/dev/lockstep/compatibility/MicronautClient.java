package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.micronaut.cache.SyncCache;
import io.micronaut.cache.jcache.JCacheManager;
import io.micronaut.context.ApplicationContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Micronaut's caches, in its application context. */
@InEachTopology
class MicronautClient {

    private final String name = Topology.unused("micronaut");
    private final ApplicationContext context;
    private final SyncCache<javax.cache.Cache> cache;

    MicronautClient(Topology topology) {
        topology.manager().createCache(name, new javax.cache.configuration.MutableConfiguration<Object, Object>());
        context = ApplicationContext.builder().singletons(topology.manager()).start();
        cache = context.getBean(JCacheManager.class).getCache(name);
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    @Test
    void aPutValueIsThereUntilItIsInvalidated() {
        cache.put("key", "value");
        assertThat(cache.get("key", String.class)).contains("value");
        assertThat(cache.putIfAbsent("key", "other")).contains("value");
        cache.invalidate("key");
        assertThat(cache.get("key", String.class)).isEmpty();
        cache.put("a", "1");
        cache.invalidateAll();
        assertThat(cache.get("a", String.class)).isEmpty();
    }

    @Test
    void aSupplierIsAskedOnce() {
        AtomicInteger asked = new AtomicInteger();
        assertThat(cache.get("key", Integer.class, asked::incrementAndGet)).isEqualTo(1);
        assertThat(cache.get("key", Integer.class, asked::incrementAndGet)).isEqualTo(1);
    }

    @Test
    void itsAsyncCacheWorksToo() throws Exception {
        assertThat(cache.async().put("key", "value").get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(cache.async().get("key", String.class).get(10, TimeUnit.SECONDS))
                .contains("value");
    }
}
