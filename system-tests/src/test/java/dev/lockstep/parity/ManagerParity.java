package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.Eventually;
import java.io.Closeable;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.Factory;
import javax.cache.configuration.MutableCacheEntryListenerConfiguration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.CacheEntryCreatedListener;
import javax.cache.event.CacheEntryEvent;
import javax.cache.event.CacheEntryListenerException;
import javax.cache.event.CacheEntryUpdatedListener;
import javax.cache.integration.CacheWriter;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** The behaviour of a manager towards its caches, their names, beans and listeners: the same for every topology. */
abstract class ManagerParity extends CacheParity {

    // Creating: all or nothing

    private static <T> Factory<T> failing() {
        return () -> {
            throw new IllegalStateException("factory");
        };
    }

    /** A writer that does nothing. */
    static class ForwardingWriter implements CacheWriter<String, Integer> {

        @Override
        public void write(Cache.Entry<? extends String, ? extends Integer> entry) {}

        @Override
        public void writeAll(java.util.Collection<Cache.Entry<? extends String, ? extends Integer>> entries) {
            entries.clear();
        }

        @Override
        public void delete(Object key) {}

        @Override
        public void deleteAll(java.util.Collection<?> keys) {
            keys.clear();
        }
    }

    private static final class Closing extends ForwardingWriter implements Closeable {

        private final AtomicInteger open;

        Closing(AtomicInteger open) {
            this.open = open;
            open.incrementAndGet();
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    @Test
    void aCacheWhoseCreationFailsIsNotCreatedAndWhatWasMadeForItIsClosed() {
        AtomicInteger open = new AtomicInteger();
        Changes heard = new Changes();
        Map<String, MutableConfiguration<String, Integer>> bad = new LinkedHashMap<>();
        bad.put("loader", types().setReadThrough(true).setCacheLoaderFactory(failing()));
        bad.put("writer", types().setWriteThrough(true).setCacheWriterFactory(failing()));
        bad.put("expiry", types().setExpiryPolicyFactory(failing()));
        bad.put(
                "listener",
                types().addCacheEntryListenerConfiguration(
                                new MutableCacheEntryListenerConfiguration<>(failing(), null, false, true)));
        bad.put(
                "filter",
                types().addCacheEntryListenerConfiguration(
                                new MutableCacheEntryListenerConfiguration<>(() -> heard, failing(), false, true)));
        bad.forEach((name, configuration) -> {
            if (configuration.getCacheWriterFactory() == null) {
                configuration.setWriteThrough(true).setCacheWriterFactory(() -> new Closing(open));
            }
            assertThatThrownBy(() -> manager().createCache(name, configuration))
                    .as(name)
                    .isInstanceOf(CacheException.class)
                    .hasRootCauseInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage("factory");
            assertThat(manager().getCacheNames()).as(name).doesNotContain(name);
            assertThat(open).as(name).hasValue(0);
            Cache<Integer, String> other = manager()
                    .createCache(
                            name, new MutableConfiguration<Integer, String>().setTypes(Integer.class, String.class));
            other.put(1, "one");
            assertThat(other.get(1)).isEqualTo("one");
        });
    }

    // Beans

    private static final MBeanServer BEANS = ManagementFactory.getPlatformMBeanServer();

    private static final List<String> ODD = List.of(
            "\"quoted\"",
            "a*b?c",
            "*",
            "?",
            "back\\slash",
            "a=b",
            "a,b",
            "a:b",
            "line\nbreak",
            "nul\0in",
            " ",
            "'single'",
            "{\"json\":1}",
            "com.acme.Shop.price(java.lang.String,int)",
            "名前-😀");

    /** The beans of a type, by the name of their cache. */
    private static Map<String, List<ObjectName>> beans(String type) throws Exception {
        return BEANS.queryNames(new ObjectName("javax.cache:type=" + type + ",*"), null).stream()
                .collect(Collectors.groupingBy(bean -> {
                    String cache = bean.getKeyProperty("Cache");
                    return cache.startsWith("\"") ? ObjectName.unquote(cache) : cache;
                }));
    }

    @Test
    void anyNameOfACacheHasBeansOfItsOwn() throws Exception {
        for (String name : ODD) {
            Cache<String, Integer> cache = manager()
                    .createCache(name, types().setStatisticsEnabled(true).setManagementEnabled(true));
            cache.put(name, 1);
            cache.get(name);
            assertThat(cache.getName()).isEqualTo(name);
        }
        assertThat(manager().getCacheNames()).containsAll(ODD);
        for (String type : List.of("CacheStatistics", "CacheConfiguration")) {
            assertThat(beans(type))
                    .containsOnlyKeys(ODD)
                    .allSatisfy((name, all) -> assertThat(all).hasSize(1));
        }
        for (List<ObjectName> one : beans("CacheStatistics").values()) {
            assertThat(BEANS.getAttribute(one.get(0), "CacheHits")).isEqualTo(1L);
        }
        manager().destroyCache("a:b");
        assertThat(beans("CacheStatistics")).hasSize(ODD.size() - 1).doesNotContainKey("a:b");
        ODD.forEach(manager()::destroyCache);
        assertThat(beans("CacheStatistics")).isEmpty();
        assertThat(beans("CacheConfiguration")).isEmpty();
    }

    @Test
    void namesThatDifferInWhatJmxForbidsHaveDifferentBeans() throws Exception {
        List<String> alike = List.of("x.y", "x:y", "x,y", "x=y", "x*y", "x\"y");
        for (int i = 0; i < alike.size(); i++) {
            Cache<String, Integer> cache = manager().createCache(alike.get(i), types().setStatisticsEnabled(true));
            for (int k = 0; k <= i; k++) {
                cache.put("key-" + k, k);
            }
        }
        Map<String, List<ObjectName>> beans = beans("CacheStatistics");
        assertThat(beans).containsOnlyKeys(alike);
        for (int i = 0; i < alike.size(); i++) {
            assertThat(BEANS.getAttribute(beans.get(alike.get(i)).get(0), "CachePuts"))
                    .isEqualTo(i + 1L);
        }
    }

    @Test
    void aBeanLivesAsLongAsItsCacheThoughAnotherManagerWithTheUriHasOneOfTheName() throws Exception {
        MutableConfiguration<String, Integer> shown =
                types().setStatisticsEnabled(true).setManagementEnabled(true);
        Cache<String, Integer> first = manager().createCache("twice", shown);
        CacheManager other = another();
        Cache<String, Integer> second = other.createCache("twice", shown);
        first.put("a", 1);
        second.put("b", 1);
        second.put("c", 1);
        assertThat(beans("CacheStatistics").get("twice")).hasSize(2);
        assertThat(beans("CacheConfiguration").get("twice")).hasSize(2);
        other.close();
        assertThat(beans("CacheConfiguration").get("twice")).hasSize(1);
        assertThat(beans("CacheStatistics").get("twice")).hasSize(1);
        assertThat(statistic("twice", "CachePuts")).isEqualTo(1L);
        Cache<String, Integer> third = another().createCache("twice", shown);
        third.put("a", 1);
        first.close();
        assertThat(beans("CacheStatistics").get("twice")).hasSize(1);
        assertThat(statistic("twice", "CachePuts")).isEqualTo(1L);
        third.close();
        assertThat(beans("CacheStatistics")).doesNotContainKey("twice");
    }

    // Listeners

    /** Notes the values that were created or came after others. */
    static final class Changes
            implements CacheEntryCreatedListener<String, Integer>, CacheEntryUpdatedListener<String, Integer> {

        final List<Integer> values = new CopyOnWriteArrayList<>();

        @Override
        public void onCreated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events)
                throws CacheEntryListenerException {
            events.forEach(event -> values.add(event.getValue()));
        }

        @Override
        public void onUpdated(Iterable<CacheEntryEvent<? extends String, ? extends Integer>> events) {
            onCreated(events);
        }
    }

    private static CacheEntryListenerConfiguration<String, Integer> listening(Changes to, boolean synchronous) {
        return new MutableCacheEntryListenerConfiguration<>(() -> to, null, false, synchronous);
    }

    @Test
    void aListenerDoesNotHearWhatWasWrittenBeforeItWasRegistered() throws Exception {
        Cache<String, Integer> cache = manager().createCache("before", types());
        for (int i = 0; i < 100; i++) {
            cache.put("key-" + i, -1);
            Changes heard = new Changes();
            var listener = listening(heard, i % 2 == 0);
            cache.registerCacheEntryListener(listener);
            cache.put("key-" + i, i);
            Eventually.holds("the change after the registration is heard", () -> !heard.values.isEmpty());
            assertThat(heard.values).containsExactly(i);
            cache.deregisterCacheEntryListener(listener);
        }
    }

    @Test
    void aListenerDoesNotHearWhatWaitsForAnotherOneOfItsKind() throws Exception {
        Cache<String, Integer> cache = manager().createCache("waiting", types());
        CountDownLatch go = new CountDownLatch(1);
        CacheEntryCreatedListener<String, Integer> slow = events -> AsyncParity.await(go);
        cache.registerCacheEntryListener(new MutableCacheEntryListenerConfiguration<>(() -> slow, null, false, false));
        for (int i = 0; i < 20; i++) {
            cache.put("key-" + i, -1);
        }
        Changes heard = new Changes();
        cache.registerCacheEntryListener(listening(heard, false));
        for (int i = 0; i < 20; i++) {
            cache.put("key-" + i, i);
        }
        go.countDown();
        Eventually.holds("what comes is heard", () -> heard.values.size() >= 20);
        assertThat(heard.values).hasSize(20).doesNotContain(-1);
    }

    @Test
    void aListenerThatIsRegisteredAgainHearsEachChangeOnce() throws Exception {
        Cache<String, Integer> cache = manager().createCache("registered", types());
        Changes heard = new Changes();
        for (int i = 0; i < 40; i++) {
            boolean synchronous = i % 2 == 0;
            var first = listening(heard, synchronous);
            var second = listening(heard, !synchronous);
            cache.registerCacheEntryListener(first);
            cache.put("a", i);
            int number = i;
            Eventually.holds("the change is heard", () -> heard.values.contains(number));
            cache.deregisterCacheEntryListener(first);
            cache.registerCacheEntryListener(second);
            cache.put("b", -1);
            Eventually.holds("the next one is heard", () -> heard.values.contains(-1));
            cache.deregisterCacheEntryListener(second);
            assertThat(heard.values).containsExactly(i, -1);
            heard.values.clear();
        }
    }

    @Test
    void theStreamOfChangesEndsWithTheLastListener() throws Exception {
        Cache<String, Integer> cache = manager().createCache("ending", types());
        for (int i = 0; i < 3; i++) {
            List<CacheEntryListenerConfiguration<String, Integer>> all = List.of(
                    listening(new Changes(), true),
                    listening(new Changes(), true),
                    listening(new Changes(), false),
                    listening(new Changes(), false));
            all.forEach(cache::registerCacheEntryListener);
            cache.put("a", i);
            assertThat(listenerThreads()).hasSize(2);
            cache.deregisterCacheEntryListener(all.get(0));
            cache.deregisterCacheEntryListener(all.get(2));
            assertThat(listenerThreads()).hasSize(2);
            cache.deregisterCacheEntryListener(all.get(1));
            cache.deregisterCacheEntryListener(all.get(3));
            Eventually.holds(
                    "the threads of the streams have ended",
                    () -> listenerThreads().isEmpty());
            cache.put("a", i);
        }
    }

    private static Set<String> listenerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("lockstep-listeners"))
                .collect(Collectors.toSet());
    }
}
