package dev.lockstep.jcache.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Request;
import java.util.Map;
import java.util.Set;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EntryProcessorsTest {

    private final TestCache fixture = new TestCache();
    private final SessionCache<String, Object> cache = fixture.open();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aProcessorThatOnlyReadsWritesNothing() {
        cache.put("k", "v");
        fixture.cluster().forgetRequests();

        assertThat(cache.<Object>invoke("k", (entry, arguments) -> entry.getValue()))
                .isEqualTo("v");
        assertThat(fixture.cluster().requests(Request.Write.class)).isEmpty();
        assertThat(fixture.cluster().leasesHeld()).isZero();
    }

    @Test
    void aProcessorSetsAndRemoves() {
        cache.invoke(
                "k",
                (entry, arguments) -> {
                    entry.setValue(arguments[0]);
                    return null;
                },
                "set");
        assertThat(cache.get("k")).isEqualTo("set");

        cache.invoke("k", (entry, arguments) -> {
            entry.remove();
            return null;
        });
        assertThat(cache.containsKey("k")).isFalse();
        assertThat(TestCache.statistics(cache).getCachePuts()).isEqualTo(1);
        assertThat(TestCache.statistics(cache).getCacheRemovals()).isEqualTo(1);
    }

    @Test
    void aHitIsCountedIfTheEntryWasThereBefore() {
        cache.put("k", "v");
        cache.invoke("k", (entry, arguments) -> null);
        cache.invoke("absent", (entry, arguments) -> null);

        assertThat(TestCache.statistics(cache).getCacheHits()).isEqualTo(1);
        assertThat(TestCache.statistics(cache).getCacheMisses()).isEqualTo(1);
    }

    @Test
    void aProcessorReadsThroughTheLoaderAndWhatItLoadedIsStored() {
        try (TestCache loading = new TestCache()) {
            SessionCache<String, Object> through =
                    loading.loading(new EchoLoader()).open();

            assertThat(through.<Object>invoke("k", (entry, arguments) -> entry.getValue()))
                    .isEqualTo("k");
            assertThat(through.containsKey("k")).isTrue();
        }
    }

    private static final class EchoLoader implements javax.cache.integration.CacheLoader<String, Object> {
        @Override
        public Object load(String key) {
            return key;
        }

        @Override
        public Map<String, Object> loadAll(Iterable<? extends String> keys) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void invokeAllHasAResultOrAFailureForEachKeyAndLeavesNullOut() {
        cache.putAll(Map.of("a", "1", "b", "2", "c", "3"));

        Map<String, EntryProcessorResult<Object>> results =
                cache.invokeAll(Set.of("a", "b", "c"), (entry, arguments) -> {
                    if (entry.getKey().equals("b")) {
                        throw new IllegalArgumentException("no b");
                    }
                    return entry.getKey().equals("c") ? null : entry.getValue();
                });

        assertThat(results).containsOnlyKeys("a", "b");
        assertThat(results.get("a").get()).isEqualTo("1");
        assertThatThrownBy(() -> results.get("b").get())
                .isInstanceOf(EntryProcessorException.class)
                .hasRootCauseMessage("no b");
    }

    @Test
    void aProcessorRunsOnTheThreadThatCalled() {
        Thread[] ran = new Thread[1];
        cache.invoke("k", (entry, arguments) -> {
            ran[0] = Thread.currentThread();
            return null;
        });

        assertThat(ran[0]).isSameAs(Thread.currentThread());
    }
}
