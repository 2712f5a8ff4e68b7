package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.system.chaos.HoldingClient;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that is lost inside {@code invoke}: the next caller on the key waits for less than the time-out. */
class LostClientIT {

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static CachingProvider provider;
    private static Cache<String, String> cache;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 2"));
        provider = Caching.getCachingProvider();
        CacheManager manager = provider.getCacheManager(URI.create(nodes.uri() + "?timeout=8s"), null);
        cache = manager.createCache(
                "c", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
    }

    @AfterAll
    static void stop() {
        provider.close();
        nodes.close();
    }

    private static HoldingClient holding(String key) throws Exception {
        cache.put(key, "before");
        HoldingClient client = new HoldingClient(nodes.uri(), "c");
        assertThat(client.hold(key)).isTrue();
        return client;
    }

    private static void change(String key) {
        assertThat(cache.<String>invoke(key, (entry, none) -> {
                    String before = entry.getValue();
                    entry.setValue("after");
                    return before;
                }))
                .isEqualTo("before");
    }

    @Test
    void aClientKilledInsideInvokeReleasesTheKey() throws Exception {
        holding("killed").close();
        change("killed");
    }

    @Test
    void aClientFrozenInsideInvokeLosesTheKeyAndContinuesLater() throws Exception {
        try (HoldingClient client = holding("frozen")) {
            client.freeze();
            change("frozen");
            client.letGo();
            client.awaitOutside();
            assertThat(cache.get("frozen")).isEqualTo("after");
        }
    }
}
