package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.Caching;
import javax.cache.spi.CachingProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two thousand callers, each of which changes the same key once. */
class HotKeyIT {

    private static final int CALLERS = 2_000;

    @TempDir
    Path home;

    private final Map<Class<?>, AtomicInteger> asked = new ConcurrentHashMap<>();

    private final class Counted implements ClientProxies.Loss {

        @Override
        public boolean arrives(NodeProcess node, Request request, Reply reply) {
            return true;
        }

        @Override
        public void asked(Request request) {
            asked.computeIfAbsent(request.getClass(), none -> new AtomicInteger())
                    .incrementAndGet();
        }
    }

    private int asked(Class<?> request) {
        AtomicInteger count = asked.get(request);
        return count == null ? 0 : count.get();
    }

    /**
     * However long it takes on a busy machine, each change takes one question and one write: no caller asks or runs in
     * vain.
     */
    @Test
    void eachCallerAsksOnceAndWritesOnceAndNoneFails() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: 1"));
                ClientProxies proxies = new ClientProxies(nodes.nodes(), new Counted());
                CachingProvider provider = Caching.getCachingProvider()) {
            Cache<String, Integer> cache = provider.getCacheManager(
                            URI.create(proxies.uri("processes") + "&timeout=60s"), null)
                    .createCache("hot", CacheParity.types());
            cache.put("a", 0);
            Queue<CacheException> failures = new ConcurrentLinkedQueue<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                threads.add(new Thread(() -> {
                    try {
                        cache.invoke("a", CacheParity.INCREMENT);
                    } catch (CacheException failure) {
                        failures.add(failure);
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(cache.get("a")).isEqualTo(CALLERS);
            assertThat(asked(Request.ReadForUpdate.class)).isLessThan(CALLERS + CALLERS / 20);
            assertThat(asked(Request.Write.class)).isLessThan(CALLERS + CALLERS / 20);
            assertThat(asked(Request.Release.class)).isLessThan(CALLERS / 20);
        }
    }
}
