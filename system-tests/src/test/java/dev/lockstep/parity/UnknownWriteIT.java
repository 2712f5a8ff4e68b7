package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.cache.Cache;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * The state of a cache when a client never learns the outcome of a write, or when others get between a writer and the
 * cache.
 */
class UnknownWriteIT {

    /** Until an outcome is unknown, which half of the tests wait for; much longer than anything that succeeds takes. */
    private static final String TIMEOUT = "&timeout=4s";

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static ClientProxies proxies;
    private static final AtomicInteger heard = new AtomicInteger();
    private static volatile Predicate<Request.Write> lost = write -> false;

    /** The name of the test's own cache. */
    private String name;

    private static final class Losses implements ClientProxies.Loss {

        @Override
        public boolean arrives(NodeProcess node, Request request, Reply reply) {
            if (!(request instanceof Request.Write write) || reply instanceof Reply.Refused) {
                return true;
            }
            if (lost.test(write)) {
                return false;
            }
            heard.addAndGet(write.mutations().size());
            return true;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 2"));
        proxies = new ClientProxies(nodes.nodes(), new Losses());
    }

    @AfterAll
    static void stop() {
        proxies.close();
        nodes.close();
    }

    @BeforeEach
    void name(TestInfo test) {
        heard.set(0);
        name = test.getTestMethod().orElseThrow().getName();
    }

    @AfterEach
    void disconnect() {
        lost = write -> false;
        Caching.getCachingProvider().close();
    }

    private Cache<String, Integer> harmed(MutableConfiguration<String, Integer> configuration) {
        return Caching.getCachingProvider()
                .getCacheManager(URI.create(proxies.uri("processes") + TIMEOUT), null)
                .createCache(name, configuration);
    }

    /** Returns the cache as another client sees it, which has no writer. */
    private Cache<String, Integer> seen() {
        return Caching.getCachingProvider().getCacheManager(nodes.uri(), null).getCache(name);
    }

    @Test
    void anEntryOfUnknownOutcomeIsRemovedFromTheCacheWhenTheWriterHasIt() throws Exception {
        CacheParity.Recorder store = new CacheParity.Recorder();
        Cache<String, Integer> cache = harmed(CacheParity.writeThrough(store));
        cache.put("a", 1);
        Cache<String, Integer> seen = seen();
        // Another session: its replica may be a moment behind what this one was acknowledged.
        Eventually.holds("the other client sees it", () -> Integer.valueOf(1).equals(seen.get("a")));
        Request.Write[] first = new Request.Write[1];
        lost = write -> {
            synchronized (first) {
                first[0] = first[0] == null ? write : first[0];
                return first[0].equals(write);
            }
        };
        assertThatThrownBy(() -> cache.put("a", 2))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        unknown -> assertThat(unknown.kind()).isEqualTo(LockstepCacheException.Kind.INDETERMINATE));
        assertThat(store.values()).containsEntry("a", 2);
        Eventually.holds("the entry is removed", () -> seen.invoke("a", (entry, arguments) -> !entry.exists()));
    }

    @Test
    void aPutAllThatIsHalfKnownCountsThatHalf() throws Exception {
        Cache<String, Integer> cache = harmed(CacheParity.types().setStatisticsEnabled(true));
        Map<String, Integer> many = new HashMap<>();
        for (int i = 0; i < 40; i++) {
            many.put("key-" + i, i);
        }
        lost = write -> write.shard() == 0;
        assertThatThrownBy(() -> cache.putAll(many))
                .isInstanceOfSatisfying(
                        LockstepCacheException.class,
                        unknown -> assertThat(unknown.kind()).isEqualTo(LockstepCacheException.Kind.INDETERMINATE));
        assertThat(heard.get()).isBetween(1, 39);
        assertThat(CacheParity.statistic(name, "CachePuts")).isEqualTo((long) heard.get());
    }

    @Test
    void theCacheNeverContradictsAWriterWhoseValueWasNotStored() throws Exception {
        CacheParity.Recorder store = new CacheParity.Recorder();
        Cache<String, Integer> cache = harmed(CacheParity.writeThrough(store));
        cache.put("a", 1);
        Cache<String, Integer> seen = seen();
        AtomicInteger calls = new AtomicInteger();
        store.noting(() -> {
            if (calls.incrementAndGet() == 1) {
                seen.put("a", 9);
            }
        });
        assertThat(cache.replace("a", 1, 2)).isFalse();
        assertThat(calls).hasValue(1);
        assertThat(store.values()).containsEntry("a", 2);
        Eventually.holds("the entry is removed", () -> seen.invoke("a", (entry, arguments) -> !entry.exists()));
    }
}
