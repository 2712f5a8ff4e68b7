package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operations on many entries ask for the leases of all before they have got any: one round trip, not one for each. */
class RequestsTogetherIT {

    private static final int KEYS = 16;

    @TempDir
    Path home;

    private NodeProcesses nodes;
    private ClientProxies proxies;
    private final Map<String, Integer> entries = new HashMap<>();
    private volatile CountDownLatch leases = new CountDownLatch(0);

    /** Answers no request for a lease before all that are expected are there. */
    private final class HoldingBack implements ClientProxies.Loss {

        @Override
        public void asked(Request request) {
            if (request instanceof Request.ReadForUpdate) {
                leases.countDown();
            }
        }

        @Override
        public boolean arrives(NodeProcess node, Request request, Reply reply) throws Exception {
            return !(request instanceof Request.ReadForUpdate) || leases.await(5, TimeUnit.SECONDS);
        }
    }

    @BeforeEach
    void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 2"));
        proxies = new ClientProxies(nodes.nodes(), new HoldingBack());
        for (int i = 0; i < KEYS; i++) {
            entries.put("key-" + i, i);
        }
    }

    @AfterEach
    void stop() {
        Caching.getCachingProvider().close();
        proxies.close();
        nodes.close();
    }

    private Cache<String, Integer> cache(String name, MutableConfiguration<String, Integer> configuration) {
        return Caching.getCachingProvider()
                .getCacheManager(proxies.uri("processes"), null)
                .createCache(name, configuration);
    }

    @Test
    void operationsOnManyEntriesAskForAllLeasesTogether() {
        CacheParity.Recorder store = new CacheParity.Recorder();
        Cache<String, Integer> written = cache("written", CacheParity.writeThrough(store));
        Cache<String, Integer> loaded = cache("loaded", CacheParity.readThrough(String::length));
        leases = new CountDownLatch(KEYS);
        written.putAll(entries);
        assertThat(written.getAll(entries.keySet())).isEqualTo(entries);
        assertThat(store.values()).isEqualTo(entries);
        leases = new CountDownLatch(KEYS);
        written.invokeAll(entries.keySet(), CacheParity.INCREMENT);
        entries.replaceAll((key, value) -> value + 1);
        assertThat(written.getAll(entries.keySet())).isEqualTo(entries);
        leases = new CountDownLatch(KEYS);
        written.removeAll(entries.keySet());
        assertThat(written.getAll(entries.keySet())).isEmpty();
        assertThat(store.values()).isEmpty();
        leases = new CountDownLatch(KEYS);
        assertThat(loaded.getAll(entries.keySet())).hasSize(KEYS).containsEntry("key-15", 6);
        assertThat(leases.getCount()).isZero();
    }
}
