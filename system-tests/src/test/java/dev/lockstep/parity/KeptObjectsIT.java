package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.wire.EntryChange;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryUpdatedListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nothing is kept for ever of what an application has closed or destroyed: after so many rounds no class has another object for each, in
 * the application's JVM and in the nodes'.
 */
class KeptObjectsIT {

    private static final int ROUNDS = 400;
    private static final int SHARDS = 4;
    private static final int CHANGES_A_SHARD = 4_096;
    /** More than a client remembers the names of, and enough to fill the windows of changes of all shards. */
    private static final int CACHES = 10_500;

    private static final URI LOCAL = URI.create("lockstep:local");

    @TempDir
    Path home;

    @AfterEach
    void close() {
        Caching.getCachingProvider().close();
    }

    private interface Round {
        void run(int number) throws Exception;
    }

    private static List<LiveObjects> objects(List<NodeProcess> nodes) throws IOException {
        List<LiveObjects> objects = new ArrayList<>(List.of(LiveObjects.here()));
        for (NodeProcess node : nodes) {
            objects.add(LiveObjects.of(node.pid()));
        }
        return objects;
    }

    /**
     * Asserts that no class has nearly one more object for each round, in the first half of the rounds and in the second: code
     * that runs for the first time, as that of a leadership transfer, brings some hundred strings once.
     *
     * @param before rounds that fill what is bounded
     */
    private static void assertNothingIsKept(List<NodeProcess> nodes, int before, int rounds, Round round)
            throws Exception {
        run(round, 0, before);
        List<LiveObjects> first = objects(nodes);
        int half = rounds / 2;
        run(round, before, half);
        List<LiveObjects> middle = objects(nodes);
        run(round, before + half, half);
        List<LiveObjects> last = objects(nodes);
        long limit = half * 9L / 10;
        for (int i = 0; i < last.size(); i++) {
            Map<String, Long> grown = last.get(i).moreThan(middle.get(i), limit);
            grown.keySet().retainAll(middle.get(i).moreThan(first.get(i), limit).keySet());
            assertThat(grown)
                    .as(i == 0 ? "what this JVM has more of" : "what a node has more of")
                    .isEmpty();
        }
    }

    private static void run(Round round, int from, int rounds) throws Exception {
        for (int i = 0; i < rounds; i++) {
            round.run(from + i);
        }
    }

    private static CacheManager manager(URI uri) {
        return Caching.getCachingProvider().getCacheManager(uri, null);
    }

    private static MutableConfiguration<String, Integer> types() {
        return new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    }

    private static CacheEntryListenerConfiguration<String, Integer> listener(boolean synchronous) {
        CacheEntryUpdatedListener<String, Integer> listener = events -> events.forEach(event -> {});
        return new MutableCacheEntryListenerConfiguration<>(() -> listener, null, false, synchronous);
    }

    @Test
    void destroyedCachesLeaveNothingButTheirNamesAndTheLastChangesOfEachShard() throws Exception {
        CacheManager manager = manager(LOCAL);
        int entries = 4;
        assertNothingIsKept(List.of(), CACHES, ROUNDS, number -> {
            Cache<String, Integer> cache = manager.createCache("cache-" + number, types());
            for (int i = 0; i < entries; i++) {
                cache.put("key-" + i, i);
            }
            manager.destroyCache(cache.getName());
        });
        assertThat(LiveObjects.here().of(EntryChange.class))
                .isBetween((long) CHANGES_A_SHARD, (long) SHARDS * (CHANGES_A_SHARD + 1));
    }

    /** Opens, listens and closes, without writes, of which logs and windows of changes keep the last ones. */
    private static Round opensListensAndCloses(CacheManager manager) {
        return number -> {
            Cache<String, Integer> cache = manager.getCache("listened", String.class, Integer.class);
            cache.registerCacheEntryListener(listener(true));
            cache.registerCacheEntryListener(listener(false));
            cache.get("a");
            cache.close();
        };
    }

    @Test
    void closedCachesAndTheirListenersLeaveNothing() throws Exception {
        CacheManager manager = manager(LOCAL);
        manager.createCache("listened", types()).close();
        assertNothingIsKept(List.of(), ROUNDS / 4, ROUNDS, opensListensAndCloses(manager));
    }

    @Test
    void closedCachesOfAClientLeaveNothingThereNorInTheNodes() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: " + SHARDS))) {
            CacheManager manager = manager(nodes.uri());
            manager.createCache("listened", types()).close();
            assertNothingIsKept(nodes.nodes(), ROUNDS / 4, ROUNDS, opensListensAndCloses(manager));
        }
    }

    @Test
    void closedManagersLeaveNothingThereNorInTheNodes() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: " + SHARDS))) {
            manager(nodes.uri()).createCache("listened", types()).close();
            assertNothingIsKept(nodes.nodes(), ROUNDS / 4, ROUNDS, number -> {
                CacheManager manager = manager(nodes.uri());
                opensListensAndCloses(manager).run(number);
                manager.close();
            });
        }
    }
}
