package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.app.Shop;
import dev.lockstep.spring.boot.app.ShopApplication;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cache.Cache;
import org.springframework.context.ConfigurableApplicationContext;

/** The view of operators. */
class ActuatorTest {

    private final ConfigurableApplicationContext context = new SpringApplicationBuilder(
                    ShopApplication.class, SimpleMeterRegistry.class)
            .web(WebApplicationType.NONE)
            .run(
                    "--management.endpoints.web.exposure.include=*",
                    "--management.endpoints.jmx.exposure.include=*",
                    "--spring.jmx.enabled=true",
                    "--lockstep.transaction-aware=true");

    @AfterEach
    void close() {
        context.close();
    }

    private double count(String meter, String cache, String... tags) {
        FunctionCounter counter = context.getBean(MeterRegistry.class)
                .get(meter)
                .tag("cache", cache)
                .tag("name", cache)
                .tag("cache.manager", "cacheManager")
                .tags(tags)
                .functionCounter();
        return counter.count();
    }

    @Test
    void cachesThatAreCreatedLaterHaveMeters() {
        Shop shop = context.getBean(Shop.class);
        shop.price("tea");
        shop.price("tea");
        shop.price("tea");
        assertThat(count("cache.gets", "prices", "result", "hit")).isEqualTo(2);
        assertThat(count("cache.gets", "prices", "result", "miss")).isEqualTo(1);
        assertThat(count("cache.puts", "prices")).isEqualTo(1);
        Cache cache = context.getBean(LockstepCacheManager.class).getCache("prices");
        cache.evict("tea");
        assertThat(count("cache.removals", "prices")).isEqualTo(1);
    }

    private double size(String cache) {
        return context.getBean(MeterRegistry.class)
                .get("cache.size")
                .tag("cache", cache)
                .tag("name", cache)
                .tag("cache.manager", "cacheManager")
                .gauge()
                .value();
    }

    @Test
    void theSizeOfACacheThatIsCreatedLaterBecomesKnown() throws Exception {
        Cache cache = context.getBean(LockstepCacheManager.class).getCache("later-still");
        cache.put("tea", 1);
        cache.put("coffee", 2);
        Eventually.holds(() -> "the size is " + size("later-still"), () -> size("later-still") == 2);
        assertThat(size("prices")).isZero();
    }

    private double requests(String result) {
        return context.getBean(MeterRegistry.class)
                .get("lockstep.client.requests")
                .tags("result", result, "cache.manager", "cacheManager")
                .functionCounter()
                .count();
    }

    private FunctionTimer latency() {
        return context.getBean(MeterRegistry.class)
                .get("lockstep.client.latency")
                .tag("cache.manager", "cacheManager")
                .functionTimer();
    }

    @Test
    void requestsToTheClusterHaveMetersAndReadsInThisJvmHaveNone() throws Exception {
        Cache cache = context.getBean(LockstepCacheManager.class).getCache("prices");
        double successes = requests("success");
        double took = latency().totalTime(TimeUnit.NANOSECONDS);
        cache.put("tea", 1);
        cache.put("coffee", 2);
        cache.evict("tea");
        assertThat(requests("success")).isEqualTo(successes + 3);
        assertThat(latency().totalTime(TimeUnit.NANOSECONDS)).isGreaterThan(took);
        assertThat(cache.get("coffee", Integer.class)).isEqualTo(2);
        assertThat(cache.get("tea")).isNull();
        assertThat(requests("success")).isEqualTo(successes + 3);

        assertThat(context.getBean(MeterRegistry.class)
                        .get("lockstep.client.staleness")
                        .tag("cache.manager", "cacheManager")
                        .timeGauge()
                        .value())
                .isZero();

        double failures = requests("failure");
        CacheManager jcache = context.getBean(CacheManager.class);
        jcache.getCache("prices").close();
        MutableConfiguration<String, Integer> another =
                new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
        assertThatThrownBy(() -> jcache.createCache("prices", another)).hasMessageContaining("DEFINITION_DIFFERS");
        Eventually.holds("the failure is counted", () -> requests("failure") == failures + 1);
        assertThat(latency().count()).isEqualTo(requests("success") + requests("failure"));
    }

    @Test
    void theInfoSaysWhichLockstepThereIsAndWhichClusterItUses() {
        Info.Builder info = new Info.Builder();
        context.getBean("lockstepInfoContributor", InfoContributor.class).contribute(info);
        assertThat(info.build().get("lockstep", Map.class))
                .containsOnlyKeys("version", "uri")
                .containsEntry("uri", "lockstep:default");
    }

    @Test
    void theEndpointShowsCaches() {
        Shop shop = context.getBean(Shop.class);
        shop.price("tea");
        shop.price("tea");
        LockstepEndpoint endpoint = context.getBean(LockstepEndpoint.class);
        LockstepEndpoint.View view = endpoint.caches();
        assertThat(view.uri()).isEqualTo("lockstep:default");
        assertThat(view.caches()).containsOnlyKeys("later", "plain", "prices", "stock", "synced");
        assertThat(view.caches().get("prices")).isEqualTo(new LockstepEndpoint.CacheView(1, 1, 1, 0, null));
        assertThat(endpoint.cache("prices").entries()).isEqualTo(1);
        assertThat(endpoint.cache("none")).isNull();
    }
}
