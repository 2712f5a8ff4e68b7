package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.system.chaos.HoldingClient;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.FactoryBuilder;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client with {@code routing: gateway}, which connects to no other nodes than those that it was given. */
class GatewayIT {

    private static final int KEYS = 60;
    private static final Pattern PASSED_ON = Pattern.compile("has passed [1-9]\\d* requests of clients on");
    private static final Set<String> CREATED = ConcurrentHashMap.newKeySet();

    @TempDir
    static Path home;

    private static NodeProcesses nodes;

    private ClientProxies proxies;
    private CacheManager direct;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, List.of("shards: 6"));
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @BeforeEach
    void connect() throws Exception {
        nodes.makeWhole();
        proxies = new ClientProxies(nodes.nodes(), (node, request, reply) -> true);
        direct = Caching.getCachingProvider().getCacheManager(nodes.uri(), null);
        CREATED.clear();
    }

    @AfterEach
    void disconnect() {
        direct.getCacheNames().forEach(direct::destroyCache);
        Caching.getCachingProvider().close();
        proxies.close();
    }

    private URI uri(NodeProcess... servers) {
        return URI.create(proxies.uri("processes", List.of(servers)) + "&routing=gateway");
    }

    /** A cache of clients that reach only some nodes. */
    private Cache<String, Integer> throughGateway(NodeProcess... servers) {
        return Caching.getCachingProvider().getCacheManager(uri(servers), null).createCache("c", configuration());
    }

    /** The cache of another client, which reaches all nodes. */
    private Cache<String, Integer> directly() {
        Cache<String, Integer> known = direct.getCache("c", String.class, Integer.class);
        return strong(known == null ? direct.createCache("c", configuration()) : known);
    }

    /** Reads strongly: a session need not see at once what another client has written. */
    private static Cache<String, Integer> strong(Cache<String, Integer> cache) {
        @SuppressWarnings("unchecked")
        LockstepCache<String, Integer> own = cache.unwrap(LockstepCache.class);
        return own.strong();
    }

    private static MutableConfiguration<String, Integer> configuration() {
        return new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    }

    private static Map<String, Integer> entries(String prefix) {
        Map<String, Integer> entries = new HashMap<>();
        for (int i = 0; i < KEYS; i++) {
            entries.put(prefix + i, i);
        }
        return entries;
    }

    private static void increment(Cache<String, Integer> cache, String key) {
        cache.invoke(key, (entry, none) -> {
            entry.setValue(entry.getValue() + 1);
            return null;
        });
    }

    /** Records the keys that were created. */
    public static final class Created implements CacheEntryCreatedListener<String, Integer>, Serializable {

        private static final long serialVersionUID = 1;

        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events) {
            events.forEach(event -> CREATED.add(event.getKey()));
        }
    }

    private static void listen(Cache<String, Integer> cache) {
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(
                FactoryBuilder.factoryOf(Created.class), null, false, false));
    }

    private static void awaitCreated(Set<String> keys) throws Exception {
        Eventually.holds("the listener is told of all keys", () -> CREATED.containsAll(keys));
    }

    @Test
    void oneNodeIsEnoughForEverything() throws Exception {
        Cache<String, Integer> cache = throughGateway(nodes.node(0));
        listen(cache);
        Map<String, Integer> entries = entries("k");
        cache.putAll(entries);
        assertThat(cache.getAll(entries.keySet())).isEqualTo(entries);
        entries.keySet().forEach(key -> increment(cache, key));
        entries.replaceAll((key, value) -> value + 1);
        assertThat(directly().getAll(entries.keySet())).isEqualTo(entries);

        directly().putAll(entries("other"));
        awaitCreated(entries("other").keySet());
        assertThat(CREATED).containsAll(entries.keySet());
        int count = 0;
        for (Cache.Entry<String, Integer> entry : strong(cache)) {
            assertThat(entry.getKey()).isNotNull();
            count++;
        }
        assertThat(count).isEqualTo(2 * KEYS);
        cache.removeAll();
        assertThat(directly().iterator().hasNext()).isFalse();
        assertThat(proxies.reached()).containsExactly("n1");

        cache.getCacheManager().close();
        nodes.node(0).close();
        assertThat(Files.readString(nodes.node(0).log())).containsPattern(PASSED_ON);
    }

    @Test
    void itSurvivesTheDeathOfALeader() throws Exception {
        Cache<String, Integer> cache = throughGateway(nodes.node(0));
        listen(cache);
        Map<String, Integer> entries = entries("k");
        cache.putAll(entries);
        nodes.node(2).kill();
        entries.keySet().forEach(key -> increment(cache, key));
        entries.replaceAll((key, value) -> value + 1);
        assertThat(cache.getAll(entries.keySet())).isEqualTo(entries);
        directly().putAll(entries("other"));
        awaitCreated(entries("other").keySet());
        assertThat(proxies.reached()).containsExactly("n1");
    }

    @Test
    void withTwoServersItSurvivesTheDeathOfTheGateway() throws Exception {
        Cache<String, Integer> cache = throughGateway(nodes.node(0), nodes.node(1));
        listen(cache);
        Map<String, Integer> entries = entries("k");
        cache.putAll(entries);
        for (int gateway = 0; gateway < 2; gateway++) {
            nodes.node(gateway).kill();
            entries.keySet().forEach(key -> increment(cache, key));
            entries.replaceAll((key, value) -> value + 1);
            assertThat(cache.getAll(entries.keySet())).isEqualTo(entries);
            Map<String, Integer> others = entries("other-" + gateway + "-");
            directly().putAll(others);
            awaitCreated(others.keySet());
            nodes.makeWhole();
        }
        assertThat(proxies.reached()).containsExactlyInAnyOrder("n1", "n2");
    }

    @Test
    void aGatewayThatHangsIsLeft() throws Exception {
        Cache<String, Integer> cache = throughGateway(nodes.node(0), nodes.node(1));
        Map<String, Integer> entries = entries("k");
        cache.putAll(entries);
        for (NodeProcess gateway : List.of(nodes.node(0), nodes.node(1))) {
            gateway.freeze();
            try {
                entries.keySet().forEach(key -> increment(cache, key));
                entries.replaceAll((key, value) -> value + 1);
                assertThat(cache.getAll(entries.keySet())).isEqualTo(entries);
            } finally {
                gateway.thaw();
            }
        }
    }

    @Test
    void aClientThatDiesInsideInvokeReleasesTheKeys() throws Exception {
        CacheManager manager = Caching.getCachingProvider().getCacheManager(uri(nodes.node(0)), null);
        Cache<String, String> cache = manager.createCache(
                "held", new MutableConfiguration<String, String>().setTypes(String.class, String.class));
        for (int i = 0; i < 6; i++) {
            String key = "key-" + i;
            cache.put(key, "before");
            HoldingClient client = new HoldingClient(uri(nodes.node(0)), "held");
            assertThat(client.hold(key)).isTrue();
            client.close();
            cache.invoke(key, (entry, none) -> {
                entry.setValue("after");
                return null;
            });
            assertThat(cache.get(key)).isEqualTo("after");
        }
        assertThat(proxies.reached()).containsExactly("n1");
    }
}
